import {
  checkCipher,
  checkConnection,
  isPartnerAuthError,
  partners,
  type AnswerSettings,
  type CipherSettings,
  type CipherSettingsWithoutSecrets,
  type ConnectionOptions,
  type ExtraFields,
  type PartnerDefinition,
} from '../../core/index.ts';
import type { Translate } from './translate.ts';

/** A saved connection as it stands in the setting `partnerAuth.profiles`: everything but the secrets. */
export interface Profile {
  readonly id: string;
  readonly label: string;
  /** A built-in partner, or the id of one in the setting `partnerAuth.partners`. */
  readonly partner: string;
  readonly baseUrl: string;
  readonly partnerCode?: string;
  /** How payloads are encrypted; key and fixed IV are in SecretStorage. */
  readonly cipher?: CipherSettingsWithoutSecrets;
  readonly bodyForm?: 'json' | 'multipart';
  readonly answer?: AnswerSettings;
  readonly extraFields?: ExtraFields;
  /** Path of a PEM file with certificate authorities to trust besides the usual ones. */
  readonly caFile?: string;
}

/** A profile that passed its checks, with the partner's definition under the profile's own answer settings. */
export interface CheckedProfile extends Profile {
  readonly definition: PartnerDefinition;
  /** The definition without the profile's own settings: what a session is opened with. */
  readonly source: PartnerDefinition;
  /** Its secrets belong to this origin and go to no other. */
  readonly origin: string;
}

export interface ProfileProblem {
  /** The profile's id or label where it has one, else its position. */
  readonly profile: string;
  /** Path below the profile, such as `cipher.iv.from`. */
  readonly field: string;
  readonly message: string;
  /** Of a definition in the setting `partnerAuth.partners`, whose id `profile` then is. */
  readonly ofPartner?: boolean;
}

type Check = (value: unknown) => string | undefined;

const required = ['id', 'label', 'partner', 'baseUrl'];
const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  answer: ['tokensIn', 'encryptedIn'],
  extraFields: ['login', 'refresh'],
};

/** Profiles that can be used, and what is wrong with the others. */
export function parseProfiles(
  setting: unknown,
  t: Translate,
  known: Readonly<Record<string, PartnerDefinition>> = partners,
): {
  readonly profiles: readonly CheckedProfile[];
  readonly problems: readonly ProfileProblem[];
} {
  const profiles: CheckedProfile[] = [];
  const problems: ProfileProblem[] = [];
  if (setting !== undefined && !Array.isArray(setting)) {
    return { profiles, problems: [{ profile: 'partnerAuth.profiles', field: '', message: t('must be a list') }] };
  }
  const seen = new Set<string>();
  for (const [index, value] of ((setting ?? []) as unknown[]).entries()) {
    const result = parseProfile(value, t, known);
    const profile = nameOf(value) ?? `#${index + 1}`;
    if ('field' in result) problems.push({ profile, ...result });
    else if (seen.has(result.id)) problems.push({ profile, field: 'id', message: t('is used by another profile') });
    else profiles.push(result);
    if ('id' in result) seen.add(result.id);
  }
  return { profiles, problems };
}

interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

function parseProfile(
  value: unknown,
  t: Translate,
  known: Readonly<Record<string, PartnerDefinition>>,
): CheckedProfile | FieldProblem {
  if (!isObject(value)) return { field: '', message: t('must be an object') };
  const missing = required.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) return { field: missing, message: t('is missing') };
  const checks = profileChecks(t, Object.keys(known));
  for (const [name, entry] of Object.entries(value)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : () => t('is not a known field');
    const message = check?.(entry);
    if (message !== undefined) return { field: name, message };
    const odd = Object.keys(isObject(entry) ? entry : {}).find((key) => fieldsOf[name]?.includes(key) === false);
    if (odd !== undefined) return { field: `${name}.${odd}`, message: t('is not a known field') };
  }
  const profile = value as unknown as Profile;
  const source = known[profile.partner];
  if (source === undefined) return { field: 'partner', message: t('is missing') };
  try {
    const { definition, origin } = checkConnection(connectionOf({ ...profile, source }));
    const encrypted = definition.body.form === 'encrypted' || definition.answer.encryptedIn !== undefined;
    return cipherProblem(profile.cipher, encrypted, t) ?? { ...profile, definition, source, origin };
  } catch (error) {
    return connectionProblem(isPartnerAuthError(error) ? (error.setting ?? '') : '', profile, t);
  }
}

function profileChecks(t: Translate, partnerIds: readonly string[]): Readonly<Record<string, Check>> {
  const object: Check = (value) => (isObject(value) ? undefined : t('must be an object'));
  return {
    id: text(/^[\w.-]{1,64}$/, t('must be 1 to 64 letters, digits, ".", "_" or "-"')),
    label: text(/^[^\p{C}]{1,80}$/u, t('must be a text of 1 to 80 printable characters')),
    partner: oneOf(partnerIds, t),
    baseUrl: text(/^.{1,2000}$/, t('must be an address')),
    partnerCode: text(/^.{0,256}$/, t('must be a text of up to 256 characters')),
    bodyForm: oneOf(['json', 'multipart'], t),
    caFile: text(/^[^\0]{1,4096}$/, t('must be the path of a PEM file')),
    cipher: object,
    answer: object,
    extraFields: object,
  };
}

/** Core's refusal of a connection, in the user's language. */
function connectionProblem(setting: string, { partnerCode }: Profile, t: Translate): FieldProblem {
  const words: Readonly<Record<string, string>> = {
    baseUrl: t('must be an https address without user, query or fragment (http only on this machine)'),
    partnerCode: partnerCode
      ? t('must be printable ASCII without spaces around it')
      : t('is missing: the partner gives it to you'),
    bodyForm: t('is only for partners that take plain payloads'),
    'extraFields.login': t('must be an object'),
    'extraFields.refresh': t('must be an object'),
  };
  const message = Object.hasOwn(words, setting) ? words[setting] : undefined;
  if (message !== undefined) return { field: setting, message };
  // What is left are answer settings that make no valid partner definition.
  return { field: 'answer', message: t('must name fields by paths such as "data.token"') };
}

/** Core's own check of the cipher settings, in the user's language: the field's name says what it is about. */
function cipherProblem(
  cipher: CipherSettingsWithoutSecrets | undefined,
  wanted: boolean,
  t: Translate,
): FieldProblem | undefined {
  if (cipher === undefined) {
    return wanted ? { field: 'cipher', message: t('is missing: this partner wants encrypted payloads') } : undefined;
  }
  const secret = t('is a secret: sign in to enter it, and delete it here');
  if ('key' in cipher) return { field: 'cipher.key', message: secret };
  if (isObject(cipher.iv) && 'value' in cipher.iv) return { field: 'cipher.iv.value', message: secret };
  try {
    checkCipher(cipher);
    return undefined;
  } catch (error) {
    if (isPartnerAuthError(error)) return { field: error.setting ?? 'cipher', message: t('is missing or wrong') };
    return { field: 'cipher', message: t('has a field that is not known') };
  }
}

export function connectionOf({
  source,
  baseUrl,
  partnerCode,
  bodyForm,
  answer,
  extraFields,
}: Omit<Profile, 'partner'> & Pick<CheckedProfile, 'source'>): ConnectionOptions {
  return { partner: source, baseUrl, partnerCode, bodyForm, answer, extraFields };
}

/** The cipher settings of `openSession()`; undefined where the partner wants none. */
export function cipherOf(
  { cipher }: Pick<Profile, 'cipher'>,
  key: string | undefined,
  iv: string | undefined,
): CipherSettings | undefined {
  if (cipher === undefined) return undefined;
  const rule = cipher.iv;
  return { ...cipher, key: key ?? '', iv: rule.from === 'fixed' ? { ...rule, value: iv ?? '' } : rule };
}

function nameOf(value: unknown): string | undefined {
  const { label, id } = isObject(value) ? value : {};
  return [label, id].find((name) => typeof name === 'string' && /^[^\p{C}]{1,80}$/u.test(name)) as string | undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(pattern: RegExp, message: string): Check {
  return (value) => (typeof value === 'string' && pattern.test(value) ? undefined : message);
}

function oneOf(allowed: readonly string[], t: Translate): Check {
  return (value) => (allowed.includes(value as string) ? undefined : t('must be one of {0}', allowed.join(', ')));
}
