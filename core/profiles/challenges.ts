import { isPartnerAuthError, type PartnerAuthError } from '../lib/errors.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import type { Credentials } from '../session/sign-in/credentials.ts';

/** What the partner asks a person for before it lets them in. */
export type Challenge =
  /** `error` is `invalidOneTimeCode` if the last code was refused. */
  | { readonly kind: 'oneTimeCode'; readonly error: PartnerAuthError }
  /** `image` is a `data:` URL. */
  | { readonly kind: 'captcha'; readonly error: PartnerAuthError; readonly image: string };

/**
 * Logs in, and again with what `ask` returns for as long as the partner asks for a one-time code or a captcha.
 *
 * @throws what `login` throws for any other reason, and what `ask` throws, such as `challenge.error` to give up.
 */
export async function solveChallenges(
  login: (credentials: Credentials) => Promise<void>,
  { oneTimeCode, captcha }: PartnerDefinition,
  credentials: Credentials,
  ask: (challenge: Challenge) => Promise<string>,
): Promise<void> {
  for (let next = credentials; ;) {
    try {
      await login(next);
      return;
    } catch (error) {
      if (!isPartnerAuthError(error)) throw error;
      const { code, challenge } = error;
      if (oneTimeCode !== undefined && (code === 'oneTimeCodeRequired' || code === 'invalidOneTimeCode')) {
        const text = await ask({ kind: 'oneTimeCode', error });
        // A code that was refused may have been too late for its login: then only a login from its start takes another.
        next = { ...(code === 'invalidOneTimeCode' && credentials), [oneTimeCode.codeField]: text };
      } else if (captcha !== undefined && challenge !== undefined) {
        const text = await ask({ kind: 'captcha', error, image: challenge.image });
        next = { ...credentials, [captcha.textField]: text, [captcha.ticketField]: challenge.ticket };
      } else {
        throw error;
      }
    }
  }
}
