import type { PartnerCalls } from '../../exchange/partner-calls.ts';
import { PartnerAuthError } from '../../lib/errors.ts';
import { logText } from '../../lib/log-text.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { refreshCallOf } from '../../partners/renewal.ts';
import type { AuthCall, LogoutCall, PartnerDefinition } from '../../partners/definition.ts';
import type { HeldLock } from '../../stores/token-store.ts';
import { isUsable } from '../../tokens/expiry.ts';
import type { TokenSet } from '../../tokens/token-set.ts';
import type { Transport } from '../../transport/http.ts';
import type { SessionReplica } from '../session-replica.ts';

interface SignOutParts {
  readonly replica: SessionReplica;
  readonly calls: PartnerCalls;
  /** Opens connections of their own, for after those of the session have been closed. */
  readonly connect: () => { readonly calls: PartnerCalls; readonly transport: Transport };
  readonly log: Logger;
  readonly timeout: number;
  readonly clock: Clock;
  readonly options: { readonly definition: PartnerDefinition };
}

/** The result of `signOut()`. */
export interface SignOutResult {
  /** Whether the partner has confirmed that it no longer accepts the refresh token. */
  readonly revoked: boolean;
  /** Why the partner has not confirmed it; absent if it has, if it has no logout call, or if there was no token to revoke. */
  readonly error?: PartnerAuthError | undefined;
  /** Until when the partner may accept the refresh token that was not revoked, epoch ms; absent if unknown. */
  readonly refreshExpiresAt?: number | undefined;
  /**
   * Calls the partner again, also after the session has been closed. Present with `error`. The refresh token is kept by
   * this function only.
   */
  readonly retry?: (() => Promise<SignOutResult>) | undefined;
}

/**
 * Removes the session from this process and from the store, then notifies the partner. Must run under the store's lock.
 *
 * @throws PartnerAuthError `store` if the store may still hold the session, although this process does not.
 */
export async function signOutUnderLock(parts: SignOutParts, held: HeldLock): Promise<SignOutResult> {
  const { record, failure } = await parts.replica.forget(held);
  const result = await revoke(parts, record?.tokens);
  if (failure !== undefined) {
    throw new PartnerAuthError('store', `Signed out in this process only. ${failure}`, { setting: 'store' });
  }
  return result;
}

async function revoke(parts: SignOutParts, tokens: TokenSet | undefined): Promise<SignOutResult> {
  const { calls, log, timeout, options } = parts;
  const { definition } = options;
  const { logout } = definition;
  const { refreshToken, refreshExpiresAt } = tokens ?? {};
  // A session without a refresh call has no token other than the access token.
  const sentToken = refreshToken ?? (refreshCallOf(definition) === undefined ? tokens?.accessToken : undefined);
  if (tokens === undefined || logout === undefined || (sentToken === undefined && requiresRefreshToken(logout))) {
    if (refreshToken !== undefined)
      log.info(`The partner has no logout call: it may accept the refresh token ${deadline(refreshExpiresAt)}.`);
    return {
      revoked: false,
      ...(refreshToken !== undefined && refreshExpiresAt !== undefined && { refreshExpiresAt }),
    };
  }
  const revoked = { ...tokens, ...(sentToken !== undefined && { refreshToken: sentToken }) };
  const sent = refreshToken === undefined ? revoked : await renewedForLogout(parts, logout, revoked);
  const error = sent instanceof PartnerAuthError ? sent : await calls.logout(sent, { timeout });
  if (error === undefined) return { revoked: true };
  log.warn(`Signed out here, but the partner did not confirm it: ${logText(error)}`);
  return {
    revoked: false,
    ...(refreshExpiresAt !== undefined && { refreshExpiresAt }),
    error,
    retry: async () => {
      const { calls: again, transport } = parts.connect();
      try {
        // A refresh token that was renewed for the first attempt must not be sent again.
        return await revoke({ ...parts, calls: again }, isRenewed(sent, tokens) ? sent : tokens);
      } finally {
        transport.close();
      }
    },
  };
}

function isRenewed(sent: TokenSet | PartnerAuthError, { accessToken }: TokenSet): sent is TokenSet {
  return 'accessToken' in sent && sent.accessToken !== accessToken;
}

/** Whether the call cannot be made without a refresh token. */
function requiresRefreshToken({ authorization, tokenField, tokenCookie }: LogoutCall): boolean {
  return authorization === 'refreshToken' || (tokenField ?? tokenCookie) !== undefined;
}

/** The tokens that the logout sends. One that requires an access token is refused with an expired one, so that it is renewed. */
async function renewedForLogout(
  { calls, clock, timeout }: SignOutParts,
  { authorization }: AuthCall,
  tokens: TokenSet,
): Promise<TokenSet | PartnerAuthError> {
  if (authorization !== 'accessToken' || isUsable(tokens, clock.now())) return tokens;
  const result = await calls.refresh(tokens, { timeout });
  return result.kind === 'tokens' ? { ...tokens, ...result.tokens } : result.error;
}

function deadline(at: number | undefined): string {
  return at === undefined ? 'until it expires' : `until ${new Date(at).toISOString()}`;
}
