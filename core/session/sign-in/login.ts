import type { SentTokens } from '../../exchange/auth-calls.ts';
import type { PartnerCalls } from '../../exchange/partner-calls.ts';
import { PartnerAuthError } from '../../lib/errors.ts';
import type { PartnerDefinition } from '../../partners/definition.ts';
import type { Redactor } from '../../redact/redactor.ts';
import type { TokenSet } from '../../tokens/token-set.ts';
import type { SendOptions } from '../../transport/http.ts';
import { accountOf, checkCredentials, checkCredentialTypes, secretValues, type Credentials } from './credentials.ts';

export interface SignedIn {
  readonly tokens: TokenSet;
  readonly account: string | undefined;
  /** As in `StoredSession`. */
  readonly adopted?: string;
}

export interface FailedLogin {
  readonly error: PartnerAuthError;
  /** The partner may have acted on the call. */
  readonly inDoubt: boolean;
}

export type LoginFlow = (
  input: Credentials,
  options: SendOptions,
  tokens?: SentTokens,
) => Promise<SignedIn | FailedLogin>;

/**
 * A login of one or two steps. Keeps the pending login between the steps.
 *
 * @throws PartnerAuthError for what is wrong before anything is sent.
 */
export function loginFlow(
  definition: PartnerDefinition,
  calls: PartnerCalls,
  redactor: Redactor,
  monotonic: () => number,
): LoginFlow {
  const { label, oneTimeCode } = definition;
  let pendingLogin:
    { readonly id: string; readonly account: string | undefined; readonly expiresAt: number } | undefined;

  async function firstStep(
    credentials: Credentials,
    options: SendOptions,
    tokens: SentTokens | undefined,
  ): Promise<SignedIn | (FailedLogin & { readonly codeRequired?: true })> {
    const account = accountOf(definition, credentials);
    const result = await calls.login(credentials, options, tokens);
    switch (result.kind) {
      case 'tokens':
        return { tokens: result.tokens, account };
      case 'codeRequired':
        redactor.keep(result.loginId);
        pendingLogin = { id: result.loginId, account, expiresAt: monotonic() + (oneTimeCode?.lifetime ?? 0) * 1000 };
        return { error: result.error, inDoubt: false, codeRequired: true };
      case 'failed':
        return { error: await calls.explainLogin(result, options), inDoubt: result.inDoubt };
    }
  }

  return async (input, options, tokens) => {
    checkCredentialTypes(definition, input);
    const { [oneTimeCode?.codeField ?? '']: code, ...credentials } = input;
    if (typeof code === 'string') redactor.keep(code);
    if (code === undefined || Object.keys(credentials).length > 0) {
      checkCredentials(definition, input);
      redactor.keep(...secretValues(definition, credentials));
      const result = await firstStep(credentials, options, tokens);
      if (!('codeRequired' in result) || code === undefined) return result;
    }
    if (pendingLogin === undefined || pendingLogin.expiresAt <= monotonic()) {
      throw new PartnerAuthError(
        'invalidOneTimeCode',
        `No login at ${label} is waiting for a one-time code, or it has expired. Start again with the credentials.`,
        { setting: 'credentials' },
      );
    }
    const { id, account } = pendingLogin;
    const result = await calls.oneTimeCode(id, code, options);
    if (result.kind !== 'tokens') return { error: result.error, inDoubt: result.kind === 'failed' && result.inDoubt };
    pendingLogin = undefined;
    return { tokens: result.tokens, account };
  };
}
