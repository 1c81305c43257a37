import type { PartnerCalls } from '../../exchange/partner-calls.ts';
import { PartnerAuthError } from '../../lib/errors.ts';
import type { PartnerDefinition } from '../../partners/definition.ts';
import type { Redactor } from '../../redact/redactor.ts';
import type { TokenSet } from '../../tokens/token-set.ts';
import type { SendOptions } from '../../transport/http.ts';
import { accountOf, checkCredentials, type Credentials } from './credentials.ts';

export interface SignedIn {
  readonly tokens: TokenSet;
  readonly account: string | undefined;
}

/** A login of one or two steps; remembers a first step that waits for its one-time code. */
export function loginFlow(
  definition: PartnerDefinition,
  calls: PartnerCalls,
  redactor: Redactor,
  monotonic: () => number,
) {
  const { label, oneTimeCode } = definition;
  let waiting: { readonly id: string; readonly account: string | undefined; readonly until: number } | undefined;

  async function firstStep(credentials: Credentials, options: SendOptions): Promise<SignedIn | PartnerAuthError> {
    const account = accountOf(definition, credentials);
    const result = await calls.login(credentials, options);
    switch (result.kind) {
      case 'tokens':
        return { tokens: result.tokens, account };
      case 'codeRequired':
        redactor.add(result.loginId);
        waiting = { id: result.loginId, account, until: monotonic() + (oneTimeCode?.lifetime ?? 0) * 1000 };
        return result.error;
      case 'failed':
        throw result.error.code === 'captchaRequired' ? await calls.withCaptcha(result.error, options) : result.error;
    }
  }

  return async (given: Credentials, options: SendOptions): Promise<SignedIn> => {
    const { [oneTimeCode?.codeField ?? '']: code, ...credentials } = given;
    if (code === undefined || Object.keys(credentials).length > 0) {
      checkCredentials(definition, given);
      redactor.add(...definition.credentials.filter((field) => field.secret).map((field) => given[field.name]));
      const result = await firstStep(credentials, options);
      if (!(result instanceof PartnerAuthError)) return result;
      if (code === undefined) throw result;
    }
    if (waiting === undefined || waiting.until <= monotonic()) {
      throw new PartnerAuthError(
        'invalidOneTimeCode',
        `No login at ${label} waits for a code, or it waited too long. Start with the credentials.`,
      );
    }
    const { id, account } = waiting;
    const result = await calls.oneTimeCode(id, code, options);
    if (result.kind !== 'tokens') throw result.error;
    waiting = undefined;
    return { tokens: result.tokens, account };
  };
}
