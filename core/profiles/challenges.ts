import { isPartnerAuthError, type PartnerAuthError } from '../lib/errors.ts';
import type { ErrorRule, PartnerDefinition } from '../partners/definition.ts';
import type { Credentials } from '../session/sign-in/credentials.ts';

/** What the partner requires from the user to complete a login. */
export type Challenge =
  | {
      readonly kind: 'oneTimeCode';
      readonly error: PartnerAuthError;
      /** Whether the last code was refused. */
      readonly wasRefused: boolean;
    }
  /** `image` is a `data:` URL. */
  | {
      readonly kind: 'captcha';
      readonly error: PartnerAuthError;
      /** Whether the last text was refused. */
      readonly wasRefused: boolean;
      readonly image: string;
    };

/** What one login call sends. */
interface Attempt {
  readonly credentials?: Credentials;
  readonly captcha?: Credentials | undefined;
  readonly code?: string | undefined;
}

/**
 * Logs in. While the partner requires a one-time code or a captcha, logs in again with what `ask` resolves with; undefined
 * requests another captcha. A code that is refused does not end the pending login, so the next one is sent alone.
 *
 * @throws Any other error of `login`, and whatever `ask` throws, such as `challenge.error` to cancel.
 */
export async function solveChallenges(
  login: (credentials: Credentials) => Promise<void>,
  { oneTimeCode, captcha, errors }: PartnerDefinition,
  credentials: Credentials,
  ask: (challenge: Challenge) => Promise<string | undefined>,
): Promise<void> {
  const codeField = oneTimeCode?.codeField ?? '';
  const reportsPendingLoss = errors?.some(isPendingLost) === true;
  /** The codes that the pending login has refused. */
  let refused = 0;
  for (let attempt: Attempt = { credentials }; ;) {
    const { code } = attempt;
    try {
      await login({ ...attempt.credentials, ...attempt.captcha, ...(code !== undefined && { [codeField]: code }) });
      return;
    } catch (error) {
      if (!isPartnerAuthError(error)) throw error;
      const { challenge } = error;
      if (oneTimeCode !== undefined && error.code === 'oneTimeCodeRequired') {
        refused = 0;
        attempt = { code: cleanCode(await ask({ kind: 'oneTimeCode', error, wasRefused: false })) };
      } else if (oneTimeCode !== undefined && error.code === 'invalidOneTimeCode') {
        if (attempt.credentials === undefined && isPendingLost({ is: error.code, setting: error.setting })) {
          // The code may be correct: it was not even compared.
          attempt = { credentials, code };
        } else {
          refused = attempt.credentials === undefined ? refused + 1 : 1;
          const next = cleanCode(await ask({ kind: 'oneTimeCode', error, wasRefused: true }));
          // Without a rule that reports it, the pending login may have ended unnoticed.
          attempt = { ...(refused > 1 && !reportsPendingLoss && { credentials }), code: next };
        }
      } else if (captcha !== undefined && challenge !== undefined) {
        const { image, ticket } = challenge;
        const text = await ask({ kind: 'captcha', error, wasRefused: attempt.captcha !== undefined, image });
        const solution = { [captcha.textField]: text ?? '', [captcha.ticketField]: ticket };
        attempt = { ...attempt, credentials, captcha: text === undefined ? undefined : solution };
      } else {
        throw error;
      }
    }
  }
}

function isPendingLost({ is, setting }: Pick<ErrorRule, 'is'> & { readonly setting?: string | undefined }): boolean {
  return is === 'invalidOneTimeCode' && setting === 'credentials';
}

/** A code without what authenticators and mails show between its digits, or a copy adds. */
function cleanCode(text: string | undefined): string {
  const code = (text ?? '').normalize('NFKC').replace(/[\p{Z}\p{C}]/gu, '');
  return /^[\d-]+$/.test(code) ? code.replaceAll('-', '') : code;
}
