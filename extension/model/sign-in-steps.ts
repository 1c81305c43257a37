import { createCipher, isPartnerAuthError, type PartnerAuthError, type TextFormat } from '../../core/index.ts';
import { type CheckedProfile, cipherOf } from '../../core/profiles/index.ts';
import { firstOther, tidy, tidyKey, unchanged } from './pasted.ts';
import type { Translate } from './translate.ts';
import type { Answers, InputStep, Step } from './wizard.ts';

/** Stored values that need no prompt. */
export interface KnownValues {
  readonly key: string | undefined;
  readonly iv: string | undefined;
  readonly credentials: Readonly<Record<string, string>>;
}

export const rememberStep = 'remember';

/** The steps of a sign-in, in order: key material first, because no call works without it. */
export function signInSteps(
  profile: CheckedProfile,
  known: KnownValues,
  answers: Answers,
  t: Translate,
): readonly Step[] {
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
      tidy: (value) =>
        secret === true && !isIssued(name) ? unchanged(value, t) : tidy(secret ? 'id' : 'name', value, t),
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
        { value: 'no', label: t("Don't remember"), detail: t('You will be asked again when the session ends.') },
        { value: 'yes', label: t('Remember in secret storage'), detail: t('Sign in again with one click.') },
      ],
    });
  }
  return steps;
}

/** Whether a secret field is issued by the partner, as its name says, and not chosen by a person, as a password is. */
function isIssued(name: string): boolean {
  return /(?:secret|key|token|code|id)$/i.test(name) && !/pass/i.test(name);
}

export function keyStep(profile: Pick<CheckedProfile, 'cipher' | 'partner'>, t: Translate): InputStep {
  const format = profile.cipher?.keyFormat ?? 'utf8';
  const length = keyLength(profile.cipher);
  return {
    kind: 'input',
    id: 'key',
    secret: true,
    prompt: t('AES key ({0})', formatLabel(format, t)),
    placeholder: length === undefined ? '' : t('{0} bytes', length),
    tidy: (value) => tidyKey(format, length, value, t),
    validate: (value) =>
      isAccepted(profile, value, undefined, 'cipher.key')
        ? undefined
        : length === undefined
          ? t('Enter a key as {0}.', formatLabel(format, t))
          : explain(t('Enter a key of {1} bytes as {0}.', formatLabel(format, t), length), format, value, t),
  };
}

export function ivStep(
  profile: Pick<CheckedProfile, 'cipher' | 'partner'>,
  key: string | undefined,
  t: Translate,
): InputStep {
  const rule = profile.cipher?.iv;
  const format = (rule?.from === 'fixed' ? rule.format : undefined) ?? 'utf8';
  return {
    kind: 'input',
    id: 'iv',
    secret: true,
    prompt: t('Fixed IV ({0})', formatLabel(format, t)),
    placeholder: t('{0} bytes', 16),
    tidy: (value) => tidyKey(format, 16, value, t),
    validate: (value) =>
      isAccepted(profile, key, value, 'cipher.iv')
        ? undefined
        : explain(t('Enter an IV of 16 bytes as {0}.', formatLabel(format, t)), format, value, t),
  };
}

/** Adds to a problem of a key or IV where it is, without the character, which is a part of a secret. */
function explain(problem: string, format: TextFormat, value: string, t: Translate): string {
  const other = format === 'utf8' ? undefined : firstOther(value, format === 'hex' ? /[\da-f]/i : /[\w+/=-]/);
  return other === undefined
    ? problem
    : `${problem} ${t('The character at position {0} does not belong to it.', other.position)}`;
}

/** Expected length of the key in bytes; undefined if it is derived from a password of any length. */
function keyLength(cipher: CheckedProfile['cipher']): number | undefined {
  if (cipher?.derivation !== undefined && cipher.derivation !== 'none') return undefined;
  return cipher?.algorithm === 'aes-128-cbc' ? 16 : cipher?.algorithm === 'aes-192-cbc' ? 24 : 32;
}

function formatLabel(format: 'utf8' | 'hex' | 'base64', t: Translate): string {
  return format === 'utf8' ? t('plain text') : format === 'hex' ? t('hex digits') : t('base64');
}

/** Whether core accepts this key or IV; errors about other settings do not count. */
function isAccepted(
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

export function credentialsOf(
  { definition }: CheckedProfile,
  known: KnownValues,
  answers: Answers,
): Record<string, string> {
  const credentials: Record<string, string> = {};
  for (const { name } of definition.credentials) {
    const value = answers[name] ?? known.credentials[name];
    if (value !== undefined) credentials[name] = value;
  }
  return credentials;
}

/**
 * The stored login fields that need no prompt, and what to prefill. If they are those of another account than the
 * requested one, the account is asked for, and its password.
 */
export function credentialsFor(
  { definition }: Pick<CheckedProfile, 'definition'>,
  stored: KnownValues['credentials'],
  account: string | undefined,
): { readonly known: KnownValues['credentials']; readonly prefilled: Answers } {
  const name = definition.credentials.find((field) => field.account === true)?.name;
  if (account === undefined || name === undefined || stored[name] === account) return { known: stored, prefilled: {} };
  const { [name]: _account, password: _password, ...known } = stored;
  return { known, prefilled: { [name]: account } };
}

export interface Restart {
  readonly at: string;
  readonly forget: (known: KnownValues) => KnownValues;
  /** The answers to prefill: all but the secrets. */
  readonly keep: (answers: Answers, known: KnownValues) => Answers;
}

/** Where to restart the sign-in after an error that other answers can fix; undefined if they cannot. */
export function restartAfter(
  { definition, cipher }: CheckedProfile,
  { code, setting }: PartnerAuthError,
): Restart | undefined {
  const secrets = definition.credentials.filter((field) => field.secret === true).map((field) => field.name);
  const withoutSecrets = (answers: Answers): Answers =>
    Object.fromEntries(Object.entries(answers).filter(([name]) => !secrets.includes(name)));
  const isFieldInvalid = code === 'configuration' && setting === 'credentials';
  if (code === 'invalidCredentials' || isFieldInvalid) {
    const first = definition.credentials[0]?.name ?? '';
    return {
      at: isFieldInvalid ? first : (secrets[0] ?? first),
      forget: (known) => ({ ...known, credentials: {} }),
      keep: (answers, known) => ({ ...withoutSecrets(known.credentials), ...withoutSecrets(answers) }),
    };
  }
  const isKeyRejected =
    setting?.startsWith('cipher') === true && (code === 'configuration' || code === 'partnerRefused');
  if (cipher !== undefined && (isKeyRejected || code === 'cipher')) {
    return {
      at: 'key',
      forget: (known) => ({ ...known, key: undefined, iv: undefined }),
      keep: (answers) =>
        Object.fromEntries(Object.entries(answers).filter(([name]) => name !== 'key' && name !== 'iv')),
    };
  }
  return undefined;
}
