import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credentials, PartnerDefinition } from '../../index.ts';
import { type Challenge, solveChallenges } from '../../profiles/index.ts';
import { ask, canAsk } from './ask.ts';
import { fromEnvironment } from './environment.ts';

/** How many wrong captchas a person may enter. */
const captchaAttempts = 3;

/**
 * Signs in, and asks for a one-time code or the text of a captcha while the partner requires one.
 *
 * @throws Any error of `login`, such as `oneTimeCodeRequired` if the code is in no variable and cannot be asked for.
 */
export async function signIn(
  login: (credentials: Credentials) => Promise<void>,
  definition: PartnerDefinition,
  credentials: Readonly<Record<string, string>>,
): Promise<void> {
  let captchas = 0;
  let codes = 0;
  await solveChallenges(login, definition, credentials, async (challenge: Challenge) => {
    const variable = { oneTimeCode: 'PARTNER_AUTH_OTP', captcha: 'PARTNER_AUTH_CAPTCHA' }[challenge.kind];
    const isSet = fromEnvironment(variable) !== undefined;
    if (!isSet && !canAsk()) throw challenge.error;
    switch (challenge.kind) {
      case 'oneTimeCode':
        // A variable has the same code forever.
        if (isSet && codes++ > 0) throw challenge.error;
        return ask(`${challenge.wasRefused ? 'That code was refused. ' : ''}One-time code`, 'otp', true);
      case 'captcha':
        if (captchas++ === captchaAttempts) throw challenge.error;
        return askCaptcha(challenge.image, challenge.wasRefused);
    }
  });
}

/** Shows the image as a file that only this user can read, which is removed with the answer. */
async function askCaptcha(image: string, wasRefused: boolean): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'partner-auth-'));
  try {
    const type = /^data:image\/([a-z]{1,8})/.exec(image)?.[1] ?? 'png';
    const file = join(folder, `captcha.${type}`);
    await writeFile(file, Buffer.from(image.slice(image.indexOf(',') + 1), 'base64'), { mode: 0o600 });
    const refusal = wasRefused ? 'That text was refused. ' : '';
    return await ask(`${refusal}Text in the image ${file}`, 'captcha', false);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
