import { isPartnerAuthError, type PartnerAuthError } from '../lib/errors.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import type { Credentials } from '../session/sign-in/credentials.ts';

/** What the partner requires from the user to complete a login. */
export type Challenge =
  /** The code of `error` is `invalidOneTimeCode` if the last code was refused. */
  | { readonly kind: 'oneTimeCode'; readonly error: PartnerAuthError }
  /** `image` is a `data:` URL. */
  | { readonly kind: 'captcha'; readonly error: PartnerAuthError; readonly image: string };

/**
 * Logs in. While the partner requires a one-time code or a captcha, logs in again with what `ask` resolves with.
 *
 * @throws Any other error of `login`, and whatever `ask` throws, such as `challenge.error` to cancel.
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
        // The code may be refused because the pending login has expired, so the credentials are sent again.
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
