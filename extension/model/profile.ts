import {
  checkConnection,
  isPartnerAuthError,
  type AnswerSettings,
  type CipherSettings,
  type CiphertextFormat,
  type ConnectionOptions,
  type ExtraFields,
  type IvRule,
  type PartnerDefinition,
  type TextFormat,
} from '../../core/index.ts';

/** A saved connection as it stands in the setting `partnerAuth.profiles`: everything but the secrets. */
export interface Profile {
  readonly id: string;
  readonly label: string;
  readonly partner: 'tconnect' | 'bizmail' | 'cloudreve';
  readonly baseUrl: string;
  readonly partnerCode?: string;
  readonly cipher?: ProfileCipher;
  readonly bodyForm?: 'json' | 'multipart';
  readonly answer?: AnswerSettings;
  readonly extraFields?: ExtraFields;
  /** Path of a PEM file with certificate authorities to trust besides the usual ones. */
  readonly caFile?: string;
}

/** How key and IV are written; both themselves are in SecretStorage. */
export interface ProfileCipher {
  readonly keyFormat?: TextFormat;
  readonly iv: { readonly from: IvRule['from']; readonly format?: TextFormat };
  readonly output?: CiphertextFormat;
}

/** A profile that passed its checks, with the partner's definition under the profile's own answer settings. */
export interface CheckedProfile extends Profile {
  readonly definition: PartnerDefinition;
  /** Its secrets belong to this origin and go to no other. */
  readonly origin: string;
}

export interface ProfileProblem {
  /** The profile's id or label where it has one, else its position. */
  readonly profile: string;
  /** Path below the profile, such as `cipher.iv.from`. */
  readonly field: string;
  readonly message: string;
}

const fields: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  id: text(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, ".", "_" or "-"'),
  label: text(/^[^\p{C}]{1,80}$/u, 'must be a text of 1 to 80 printable characters'),
  partner: oneOf('tconnect', 'bizmail', 'cloudreve'),
  baseUrl: text(/^.{1,2000}$/, 'must be an address'),
  partnerCode: text(/^.{0,256}$/, 'must be a text'),
  bodyForm: oneOf('json', 'multipart'),
  caFile: text(/^[^\0]{1,4096}$/, 'must be the path of a PEM file'),
};
const objects = ['cipher', 'answer', 'extraFields'];
const required = ['id', 'label', 'partner', 'baseUrl'];

/** Profiles that can be used, and what is wrong with the others. */
export function parseProfiles(setting: unknown): {
  readonly profiles: readonly CheckedProfile[];
  readonly problems: readonly ProfileProblem[];
} {
  const profiles: CheckedProfile[] = [];
  const problems: ProfileProblem[] = [];
  if (setting !== undefined && !Array.isArray(setting)) {
    return {
      profiles,
      problems: [{ profile: 'partnerAuth.profiles', field: '', message: 'must be a list of profiles' }],
    };
  }
  const seen = new Set<string>();
  for (const [index, value] of ((setting ?? []) as unknown[]).entries()) {
    const result = parseProfile(value);
    const profile = nameOf(value) ?? `#${index + 1}`;
    if ('field' in result) problems.push({ profile, ...result });
    else if (seen.has(result.id)) problems.push({ profile, field: 'id', message: 'is used by another profile' });
    else profiles.push(result);
    if ('id' in result) seen.add(result.id);
  }
  return { profiles, problems };
}

function parseProfile(value: unknown): CheckedProfile | { readonly field: string; readonly message: string } {
  if (typeof value !== 'object' || value === null) return { field: '', message: 'must be an object' };
  for (const name of required) {
    if (!Object.hasOwn(value, name)) return { field: name, message: 'is missing' };
  }
  for (const [name, entry] of Object.entries(value)) {
    if (objects.includes(name)) {
      if (typeof entry !== 'object' || entry === null) return { field: name, message: 'must be an object' };
      continue;
    }
    const check = fields[name];
    const message = check === undefined ? 'is not a known field' : check(entry);
    if (message !== undefined) return { field: name, message };
  }
  const profile = value as Profile;
  try {
    const { definition, origin } = checkConnection(connectionOf(profile));
    const problem = cipherProblem(profile.cipher, definition.body.form === 'encrypted');
    return problem ?? { ...profile, definition, origin };
  } catch (error) {
    if (isPartnerAuthError(error))
      return { field: error.setting ?? '', message: afterSetting(error.message, error.setting) };
    return { field: '', message: error instanceof Error ? error.message : 'is not valid' };
  }
}

function cipherProblem(cipher: unknown, wanted: boolean): { field: string; message: string } | undefined {
  if (cipher === undefined) {
    return wanted ? { field: 'cipher', message: 'is missing: this partner wants encrypted payloads' } : undefined;
  }
  const { keyFormat, iv, output, ...rest } = cipher as Partial<Record<string, unknown>>;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) return { field: `cipher.${unknown}`, message: 'is not a known field' };
  const { from, format } = (typeof iv === 'object' && iv !== null ? iv : {}) as Record<string, unknown>;
  const checks: readonly (readonly [string, string | undefined])[] = [
    ['cipher.iv.from', oneOf('fixed', 'prefix', 'key')(from)],
    ['cipher.iv.format', format === undefined ? undefined : oneOf('utf8', 'hex', 'base64')(format)],
    ['cipher.keyFormat', keyFormat === undefined ? undefined : oneOf('utf8', 'hex', 'base64')(keyFormat)],
    ['cipher.output', output === undefined ? undefined : oneOf('hex', 'hex-upper', 'base64')(output)],
  ];
  for (const [field, message] of checks) if (message !== undefined) return { field, message };
  return undefined;
}

export function connectionOf({
  partner,
  baseUrl,
  partnerCode,
  bodyForm,
  answer,
  extraFields,
}: Profile): ConnectionOptions {
  return { partner, baseUrl, partnerCode, bodyForm, answer, extraFields };
}

/** The cipher settings of `openSession()`; undefined where the partner wants none. */
export function cipherOf(
  { cipher }: Pick<Profile, 'cipher'>,
  key: string | undefined,
  iv: string | undefined,
): CipherSettings | undefined {
  if (cipher === undefined) return undefined;
  const { from, format } = cipher.iv;
  return {
    key: key ?? '',
    iv: from === 'fixed' ? { from, value: iv ?? '', ...(format && { format }) } : { from },
    ...(cipher.keyFormat && { keyFormat: cipher.keyFormat }),
    ...(cipher.output && { output: cipher.output }),
  };
}

function nameOf(value: unknown): string | undefined {
  const { label, id } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  return [label, id].find((name) => typeof name === 'string' && name !== '') as string | undefined;
}

// Core's messages start with the setting's name, which stands before them already.
function afterSetting(message: string, setting: string | undefined): string {
  return setting !== undefined && message.startsWith(`${setting} `) ? message.slice(setting.length + 1) : message;
}

function text(pattern: RegExp, message: string) {
  return (value: unknown): string | undefined =>
    typeof value === 'string' && pattern.test(value) ? undefined : message;
}

function oneOf(...allowed: string[]) {
  return (value: unknown): string | undefined =>
    allowed.includes(value as string) ? undefined : `must be one of ${allowed.join(', ')}`;
}
