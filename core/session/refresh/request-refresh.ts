import type { SentTokens, TokenResult } from '../../exchange/auth-calls.ts';
import type { PartnerCalls } from '../../exchange/partner-calls.ts';
import type { Clock } from '../../lib/clock.ts';
import type { PartnerAuthError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
import type { HeldLock } from '../../stores/token-store.ts';
import { isLockLost } from '../session-replica.ts';

export interface RequestParts {
  readonly calls: PartnerCalls;
  readonly clock: Clock;
  readonly log: Logger;
  /** Total deadline of one exchange, in ms. A refresh takes at most twice as long, and 2 s more if a refusal is repeated. */
  readonly timeout: number;
}

/** How long to wait before a refused refresh token is sent again where that costs nothing, in ms. */
const refusalDelay = 2_000;

/**
 * How long to wait before the same refresh token is sent again if the outcome of an attempt is unknown, in ms. The attempts
 * are at 0, 0.25, 1.25, 2.5 and 5.25 s: partners with a grace time accept the same token again for 3 or 10 s, and each
 * attempt in it may be the one whose response arrives.
 */
export const retryDelays = [250, 1_000, 1_250, 2_750];

interface Outcome {
  readonly result: Exclude<TokenResult, { kind: 'codeRequired' }>;
  /** The partner may have acted on one of the attempts. */
  readonly inDoubt: boolean;
}

/**
 * Requests a refresh. Sends the same refresh token again while it is unknown whether the partner has acted on it, and with
 * `doubtsRefusal` once more after a refusal.
 */
export async function requestRefresh(
  { calls, log, clock, timeout }: RequestParts,
  sent: SentTokens & { readonly refreshToken: string },
  held: HeldLock,
  doubtsRefusal: boolean,
): Promise<Outcome | 'lockLost'> {
  let deadline = clock.monotonic() + timeout * 2;
  let inDoubt = false;
  let mayRepeatRefusal = doubtsRefusal;
  for (let attempt = 0; ; attempt++) {
    const remaining = deadline - clock.monotonic();
    const result = await calls.refresh(sent, {
      timeout: Math.max(1, Math.min(timeout, remaining)),
      // A process that hung or slept must not send a refresh token that a sibling has replaced meanwhile.
      maySend: async () => !(await isLockLost(held)),
    });
    switch (result.kind) {
      case 'codeRequired':
        return { result: { kind: 'failed', error: result.error, inDoubt: false }, inDoubt };
      case 'tokens':
        return { result, inDoubt };
      case 'failed': {
        if (result.error.code === 'lock') return 'lockLost';
        if (isDifferentToken(result.replacement?.refreshToken, sent.refreshToken)) return { result, inDoubt };
        if (mayRepeatRefusal && isRefusal(result.error)) {
          mayRepeatRefusal = false;
          deadline += refusalDelay;
          log.warn('The refresh token was refused; trying it once more, because it may not have been the token.');
          await clock.wait(refusalDelay);
          continue;
        }
        const { retryAfter = 0 } = result.error;
        const delay = Math.max(retryDelays[attempt] ?? Infinity, retryAfter * 1000);
        if (!result.inDoubt || clock.monotonic() + delay >= deadline) {
          return { result, inDoubt: inDoubt || result.inDoubt };
        }
        inDoubt = true;
        log.warn(
          `The outcome of a refresh is unknown (${result.error.code}); trying again with the same refresh token.`,
        );
        await clock.wait(delay);
      }
    }
  }
}

export function isDifferentToken(fresh: string | undefined, sent: string): boolean {
  return fresh !== undefined && fresh !== sent;
}

/** Whether the partner refused the refresh token, not the account. */
function isRefusal({ code }: PartnerAuthError): boolean {
  return code === 'sessionEnded' || code === 'invalidCredentials';
}
