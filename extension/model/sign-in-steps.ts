import { createCipher, isPartnerAuthError, type PartnerAuthError } from '../../core/index.ts';
import { type CheckedProfile, cipherOf } from '../../core/profiles/index.ts';
import type { Translate } from './translate.ts';
import type { Answers, Step } from './wizard.ts';

/** What is stored already and need not be asked. */
export interface Known {
  readonly key: string | undefined;
  readonly iv: string | undefined;
  readonly credentials: Readonly<Record<string, string>>;
}

export const rememberStep = 'remember';

/** The questions of a sign-in, in order: key material first, for nothing works without it. */
export function signInSteps(profile: CheckedProfile, known: Known, answers: Answers, t: Translate): readonly Step[] {
  const steps: Step[] = [];
  const { cipher, definition } = profile;
  if (cipher !== undefined && known.key === undefined) steps.push(keyStep(profile, t));
  if (cipher?.iv.from === 'fixed' && known.iv === undefined) steps.push(ivStep(profile, answers.key ?? known.key, t));
  let asksPassword = false;
  for (const { name, label, secret, required } of definition.credentials) {
    if (required === false || known.credentials[name] !== undefined) continue;
    asksPassword ||= name === 'password';
    steps.push({
      kind: 'input',
      id: name,
      prompt: t('{0} for {1}', t(label), definition.label),
      ...(secret && { secret }),
      validate: (value) => (value === '' ? t('This is required.') : undefined),
    });
  }
  if (asksPassword) {
    steps.push({
      kind: 'pick',
      id: rememberStep,
      prompt: t('Remember the password?'),
      value: 'no',
      items: [
        { value: 'no', label: t('Do not remember it'), detail: t('You will be asked again when the session ends.') },
        { value: 'yes', label: t('Remember it in secret storage'), detail: t('Signing in again takes one click.') },
      ],
    });
  }
  return steps;
}

export function keyStep(profile: Pick<CheckedProfile, 'cipher' | 'partner'>, t: Translate): Step {
  const form = profile.cipher?.keyFormat ?? 'utf8';
  const length = wantedLength(profile.cipher);
  return {
    kind: 'input',
    id: 'key',
    secret: true,
    prompt: t('AES key, written as {0}', formName(form, t)),
    placeholder: length === undefined ? '' : t('{0} bytes', length),
    validate: (value) =>
      fits(profile, value, undefined, 'cipher.key')
        ? undefined
        : t('Read as {0}, this is not a key of {1} bytes.', formName(form, t), length ?? ''),
  };
}

export function ivStep(
  profile: Pick<CheckedProfile, 'cipher' | 'partner'>,
  key: string | undefined,
  t: Translate,
): Step {
  const rule = profile.cipher?.iv;
  const form = (rule?.from === 'fixed' ? rule.format : undefined) ?? 'utf8';
  return {
    kind: 'input',
    id: 'iv',
    secret: true,
    prompt: t('Fixed IV, written as {0}', formName(form, t)),
    placeholder: t('{0} bytes', 16),
    validate: (value) =>
      fits(profile, key, value, 'cipher.iv')
        ? undefined
        : t('Read as {0}, this is not an IV of 16 bytes.', formName(form, t)),
  };
}

/** Bytes of the key; undefined for a password of any length. */
function wantedLength(cipher: CheckedProfile['cipher']): number | undefined {
  if (cipher?.derivation !== undefined && cipher.derivation !== 'none') return undefined;
  return cipher?.algorithm === 'aes-128-cbc' ? 16 : cipher?.algorithm === 'aes-192-cbc' ? 24 : 32;
}

function formName(form: 'utf8' | 'hex' | 'base64', t: Translate): string {
  return form === 'utf8' ? t('plain text') : form === 'hex' ? t('hex digits') : t('base64');
}

/** Whether core takes this key or IV, as far as the setting in question goes. */
function fits(
  profile: Pick<CheckedProfile, 'cipher' | 'partner'>,
  key: string | undefined,
  iv: string | undefined,
  setting: string,
): boolean {
  const settings = cipherOf(profile, key, iv);
  if (settings === undefined) return true;
  try {
    createCipher(settings);
    return true;
  } catch (error) {
    return isPartnerAuthError(error) && error.setting?.startsWith(setting) !== true;
  }
}

export function credentialsOf({ definition }: CheckedProfile, known: Known, answers: Answers): Record<string, string> {
  const credentials: Record<string, string> = {};
  for (const { name } of definition.credentials) {
    const value = answers[name] ?? known.credentials[name];
    if (value !== undefined) credentials[name] = value;
  }
  return credentials;
}

export interface Restart {
  readonly at: string;
  readonly forget: (known: Known) => Known;
  /** What need not be typed again: all but the secrets. */
  readonly keep: (answers: Answers, known: Known) => Answers;
}

/** Where to begin again after a failure that other answers can mend; undefined where they can not. */
export function restartStep(
  { definition, cipher }: CheckedProfile,
  { code, setting }: PartnerAuthError,
): Restart | undefined {
  const secrets = definition.credentials.filter((field) => field.secret === true).map((field) => field.name);
  const plain = (answers: Answers): Answers =>
    Object.fromEntries(Object.entries(answers).filter(([name]) => !secrets.includes(name)));
  const misread = code === 'configuration' && setting === 'credentials';
  if (code === 'invalidCredentials' || misread) {
    const first = definition.credentials[0]?.name ?? '';
    return {
      at: misread ? first : (secrets[0] ?? first),
      forget: (known) => ({ ...known, credentials: {} }),
      keep: (answers, known) => ({ ...plain(known.credentials), ...plain(answers) }),
    };
  }
  const wrongKey = setting?.startsWith('cipher') === true && (code === 'configuration' || code === 'partnerRefused');
  if (cipher !== undefined && (wrongKey || code === 'cipher')) {
    return {
      at: 'key',
      forget: (known) => ({ ...known, key: undefined, iv: undefined }),
      keep: (answers) =>
        Object.fromEntries(Object.entries(answers).filter(([name]) => name !== 'key' && name !== 'iv')),
    };
  }
  return undefined;
}
