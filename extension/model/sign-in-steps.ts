import {
  createCipher,
  isPartnerAuthError,
  type PartnerAuthError,
  type PartnerDefinition,
  type TextFormat,
} from '../../core/index.ts';
import { type CheckedProfile, cipherOf } from '../../core/profiles/index.ts';
import { explainError } from './messages.ts';
import { networkProblem, networkSteps, refusedSecret, type NetworkSecret } from './network-steps.ts';
import { firstOther, tidy, tidyKey, unchanged } from './pasted.ts';
import type { Translate } from './translate.ts';
import type { Answers, InputStep, Step } from './wizard.ts';

/** Stored values that need no prompt. */
export interface KnownValues {
  readonly key: string | undefined;
  readonly iv: string | undefined;
  /** Of the profile's OAuth 2.0 client; empty if it has none. */
  readonly clientSecret?: string | undefined;
  /** The secrets of the network that are asked for, because they are missing or were refused. */
  readonly asked?: readonly NetworkSecret[];
  readonly credentials: Readonly<Record<string, string>>;
  /** What the user chose last time. */
  readonly remember: boolean;
}

export const rememberStep = 'remember';
/** Pressed to sign in with another account than the stored one. */
export const otherAccount = 'otherAccount';
/** Belongs to the program and not to an account. */
const clientSecret = 'client_secret';

type Credential = PartnerDefinition['credentials'][number];

/**
 * The steps of a sign-in, in order: key material first, because no call works without it, and last what the network has
 * turned out to require. `prefill` has what was entered before and is offered again, secrets included.
 */
export function signInSteps(
  profile: CheckedProfile,
  known: KnownValues,
  answers: Answers,
  t: Translate,
  prefill: Answers = {},
): readonly Step[] {
  const steps: Step[] = [];
  const { cipher, definition } = profile;
  const withPrefill = (step: Step): Step => {
    const value = prefill[step.id];
    return value === undefined ? step : { ...step, value };
  };
  if (cipher !== undefined && known.key === undefined) steps.push(withPrefill(keyStep(profile, t)));
  if (cipher?.iv.from === 'fixed' && known.iv === undefined)
    steps.push(withPrefill(ivStep(profile, answers.key ?? known.key, t)));
  if (profile.client !== undefined && known.clientSecret === undefined)
    steps.push(withPrefill(clientSecretStep(profile, t)));
  const isOther = answers[otherAccount] !== undefined;
  const accountName = accountField(definition)?.name;
  const isAsked = ({ name, secret, required }: Credential): boolean =>
    required !== false &&
    (known.credentials[name] === undefined ||
      (isOther && (name === accountName || (secret === true && name !== clientSecret))));
  const asked = definition.credentials.filter(isAsked);
  const canChange = !isOther && asked.every(({ name }) => name !== accountName);
  const account = accountOf(profile, known, answers);
  for (const field of asked) {
    const { name, label, secret } = field;
    const value = prefill[name] ?? (name === accountName ? known.credentials[name] : undefined);
    const prompt = t('{0} for {1}', t(label), definition.label);
    steps.push({
      kind: 'input',
      id: name,
      prompt: account === undefined || name === accountName ? prompt : `${prompt} (${account})`,
      ...(secret && { secret }),
      ...(value !== undefined && { value }),
      ...(canChange && { buttons: [{ id: otherAccount, label: t('Use Another Account'), icon: 'account' }] }),
      tidy: (text) => (secret === true && !isIssued(name) ? unchanged(text, t) : tidy(secret ? 'id' : 'name', text, t)),
      validate: (text) => fieldProblem(field, text, t),
    });
  }
  if (asked.some(({ name }) => name === 'password')) {
    steps.push({
      kind: 'pick',
      id: rememberStep,
      prompt: t('Remember the password?'),
      value: known.remember ? 'yes' : 'no',
      items: [
        { value: 'no', label: t("Don't remember"), detail: t('You will be asked again when the session ends.') },
        { value: 'yes', label: t('Remember in secret storage'), detail: t('Sign in again with one click.') },
      ],
    });
  }
  for (const secret of known.asked ?? []) steps.push(...networkSteps(profile, secret, t).map(withPrefill));
  return steps;
}

/** Whether a secret field is issued by the partner, as its name says, and not chosen by a person, as a password is. */
function isIssued(name: string): boolean {
  return /(?:secret|key|token|code|id)$/i.test(name) && !/pass/i.test(name);
}

function accountField({ credentials }: PartnerDefinition): Credential | undefined {
  return credentials.find((field) => field.account === true) ?? credentials.find((field) => field.secret !== true);
}

/** The account to show in prompts; undefined if it is not known or the definition does not say which field holds it. */
export function accountOf(
  { definition }: Pick<CheckedProfile, 'definition'>,
  known: Pick<KnownValues, 'credentials'>,
  answers: Answers,
): string | undefined {
  const field = accountField(definition);
  return field?.account === true ? (answers[field.name] ?? known.credentials[field.name]) : undefined;
}

function fieldProblem({ name, format }: Credential, value: string, t: Translate): string | undefined {
  if (value === '') return t('This is required.');
  // Only what no server takes as an address: the partner decides about the rest.
  const isEmail = (format ?? (name === 'email' ? 'email' : 'text')) === 'email';
  return isEmail && !/^[^\s@]+@[^\s@]+$/.test(value.trim())
    ? t('This is not an email address. Enter one such as name@example.com.')
    : undefined;
}

/** May be left empty: a client that cannot keep a secret has none. */
export function clientSecretStep({ definition }: Pick<CheckedProfile, 'definition'>, t: Translate): InputStep {
  return {
    kind: 'input',
    id: 'clientSecret',
    secret: true,
    prompt: t('Client secret for {0}', definition.label),
    placeholder: t('Leave it empty if the client has none'),
    tidy: (value) => tidy('id', value, t),
  };
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
  /** Id of the step with what was refused. */
  readonly at: string;
  readonly forget: (known: KnownValues) => KnownValues;
  /** What is offered again: all but what was refused. */
  readonly keep: (answers: Answers, known: KnownValues) => Answers;
}

/** Where to restart the sign-in after an error that other answers can fix; undefined if they cannot. */
export function restartAfter(profile: CheckedProfile, error: PartnerAuthError): Restart | undefined {
  const {
    definition: { credentials },
    cipher,
  } = profile;
  const { code, setting } = error;
  const network = refusedSecret(profile, error);
  if (network !== undefined) {
    const ids = networkSteps(profile, network, untranslated).map(({ id }) => id);
    return {
      at: ids[0] ?? '',
      forget: (known) => ({ ...known, asked: [...new Set([...(known.asked ?? []), network])] }),
      // The user is corrected more easily than typed again.
      keep: (answers) =>
        Object.fromEntries(Object.entries(answers).filter(([name]) => name === 'proxyUsername' || !ids.includes(name))),
    };
  }
  const field = credentials.find(({ name }) => name === setting)?.name;
  const isFieldInvalid = code === 'configuration' && (setting === 'credentials' || field !== undefined);
  if (code === 'invalidCredentials' || isFieldInvalid) {
    const first = credentials[0]?.name ?? '';
    const secret = credentials.find((candidate) => candidate.secret === true)?.name;
    const at = field ?? (isFieldInvalid ? first : (secret ?? first));
    return {
      at,
      forget: (known) => ({ ...known, credentials: {} }),
      keep: (answers, known) => {
        const { [at]: refused, ...kept } = { ...known.credentials, ...answers };
        // What is not a secret is corrected more easily than typed again.
        const isSecret = credentials.some(({ name, secret: masked }) => name === at && masked === true);
        return isSecret || refused === undefined ? kept : { ...kept, [at]: refused };
      },
    };
  }
  if (code === 'configuration' && (setting === 'client' || setting === 'client.secret')) {
    return {
      at: 'clientSecret',
      forget: (known) => ({ ...known, clientSecret: undefined }),
      keep: ({ clientSecret: _, ...answers }) => answers,
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

const untranslated: Translate = (message) => message;

/** The error at the step where the sign-in restarts. `answers`: what was entered. */
export function signInProblem(
  profile: CheckedProfile,
  error: PartnerAuthError,
  wasRemembered: boolean,
  t: Translate,
  answers: Answers = {},
): string {
  const { label, definition } = profile;
  const network = refusedSecret(profile, error);
  if (network !== undefined) {
    const wasEntered = networkSteps(profile, network, untranslated).every(({ id }) => answers[id] !== undefined);
    return networkProblem(network, wasEntered, profile, t);
  }
  if (error.code === 'invalidCredentials' && wasRemembered)
    return t('{0} no longer accepts the remembered password.', label);
  if (error.code === 'configuration' && error.status === undefined && error.setting?.startsWith('cipher') === true)
    return t('The key or IV does not fit the cipher settings of {0}.', label);
  if (error.code === 'configuration' && error.setting?.startsWith('client') === true)
    return t('{0} did not accept the client or its secret.', label);
  if (error.code === 'configuration' && error.setting?.startsWith('cipher') !== true) {
    return definition.credentials.some(({ name }) => name === error.setting)
      ? t('{0} did not accept the form of this field.', label)
      : t('{0} did not accept the form of a login field. Check each of them.', label);
  }
  return explainError(error, label, t, 'signIn').message;
}
