import type * as v from 'valibot';
import { checkCipher } from '../cipher/cipher.ts';
import type { CipherSettings, CipherSettingsWithoutSecrets } from '../cipher/settings.ts';
import { checkConnection, type ConnectionOptions, type ExtraFields } from '../exchange/connection.ts';
import { isPartnerAuthError } from '../lib/errors.ts';
import { labelPattern } from '../lib/label.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import { partners } from '../partners/index.ts';
import { requiresCipher } from '../partners/requirements.ts';
import { checkProxy, isPlainProxyUrl } from '../transport/proxy.ts';
import { fieldProblem, problems, schemaProblem, type FieldProblem, type ProfileProblem } from './problems.ts';
import { profileSchema } from './profile-schema.ts';

/** A saved connection, as in the setting `partnerAuth.profiles`, without its secrets. */
export type Profile = Readonly<Omit<v.InferOutput<typeof profileSchema>, 'cipher' | 'extraFields'>> & {
  /** How payloads are encrypted. Key and fixed IV are in the secret store. */
  readonly cipher?: CipherSettingsWithoutSecrets;
  readonly extraFields?: ExtraFields;
};

/**
 * A valid profile, with the partner definition to which the profile's own settings are applied. Its base URL is in its
 * parsed form.
 */
export type CheckedProfile = Profile & {
  readonly definition: PartnerDefinition;
  /** The definition without the profile's own settings, with which a session is opened. */
  readonly source: PartnerDefinition;
  /** The only origin that its secrets are sent to, except for the access token. */
  readonly origin: string;
  /** The only origin that the access token is sent to with protected calls. */
  readonly apiOrigin: string;
};

export type KnownPartners = Readonly<Record<string, PartnerDefinition>>;

/** The valid profiles, and the problems of the others. */
export function parseProfiles(
  setting: unknown,
  known: KnownPartners = partners,
): { readonly profiles: readonly CheckedProfile[]; readonly problems: readonly ProfileProblem[] } {
  const profiles: CheckedProfile[] = [];
  const found: ProfileProblem[] = [];
  if (setting !== undefined && !Array.isArray(setting)) {
    return { profiles, problems: [{ name: '', of: 'profile', ...fieldProblem('', problems.list) }] };
  }
  const seen = new Set<string>();
  for (const [index, value] of ((setting ?? []) as unknown[]).entries()) {
    const result = parseProfile(value, known);
    const name = nameOf(value) ?? `#${index + 1}`;
    if (result.kind === 'invalid') {
      found.push({ name, of: 'profile', ...result.problem });
      continue;
    }
    const { profile } = result;
    if (seen.has(profile.id)) found.push({ name, of: 'profile', ...fieldProblem('id', problems.duplicateProfile) });
    else profiles.push(profile);
    seen.add(profile.id);
  }
  return { profiles, problems: found };
}

export type ParsedProfile =
  | { readonly kind: 'profile'; readonly profile: CheckedProfile }
  | { readonly kind: 'invalid'; readonly problem: FieldProblem };

export function parseProfile(value: unknown, known: KnownPartners = partners): ParsedProfile {
  const invalid = (problem: FieldProblem): ParsedProfile => ({ kind: 'invalid', problem });
  const misplaced = misplacedSecret(value);
  if (misplaced !== undefined) return invalid(fieldProblem(misplaced, problems.cipherSecret));
  const problem = schemaProblem(profileSchema, value);
  if (problem !== undefined) return invalid(problem);
  const profile = value as Profile;
  const source = Object.hasOwn(known, profile.partner) ? known[profile.partner] : undefined;
  if (source === undefined) {
    return invalid(fieldProblem('partner', problems.oneOf, Object.keys(known).join(', ')));
  }
  try {
    const { definition, baseUrl, origin, apiOrigin } = checkConnection(connectionOf({ ...profile, source }));
    for (const url of [baseUrl, apiOrigin]) checkProxy(profile.proxy, url, profile.allowHttp === true);
    const problem = cipherProblem(profile.cipher, definition) ?? certificateProblem(profile);
    if (problem !== undefined) return invalid(problem);
    return { kind: 'profile', profile: { ...profile, baseUrl, definition, source, origin, apiOrigin } };
  } catch (error) {
    return invalid(connectionProblem(isPartnerAuthError(error) ? (error.setting ?? '') : '', profile));
  }
}

export function connectionOf({
  source,
  baseUrl,
  apiUrl,
  allowHttp,
  partnerCode,
  client,
  bodyForm,
  response,
  extraFields,
}: Omit<Profile, 'partner'> & Pick<CheckedProfile, 'source'>): ConnectionOptions {
  return { partner: source, baseUrl, apiUrl, allowHttp, partnerCode, client, bodyForm, response, extraFields };
}

/** The cipher settings of `openSession()`; undefined if the partner takes plain payloads. */
export function cipherOf(
  { cipher }: Pick<Profile, 'cipher'>,
  key: string | undefined,
  iv: string | undefined,
): CipherSettings | undefined {
  if (cipher === undefined) return undefined;
  const rule = cipher.iv;
  return { ...cipher, key: key ?? '', iv: rule.from === 'fixed' ? { ...rule, value: iv ?? '' } : rule };
}

/** The cipher settings as a profile has them, without the value of a fixed IV. */
export function toSavedCipher({ iv, ...settings }: Omit<CipherSettings, 'key'>): CipherSettingsWithoutSecrets {
  const rule: CipherSettingsWithoutSecrets['iv'] =
    iv.from === 'fixed' ? { from: 'fixed', ...(iv.format && { format: iv.format }) } : iv;
  return { ...settings, iv: rule };
}

/** The profile as it is saved in the settings. */
export function toSavedProfile({
  definition: _,
  source: _source,
  origin: _origin,
  apiOrigin: _apiOrigin,
  ...profile
}: CheckedProfile): Profile {
  return profile;
}

/** The path of a secret that is in the profile, where anyone can read it. */
function misplacedSecret(value: unknown): string | undefined {
  const certificate = isObject(value) && isObject(value.clientCertificate) ? value.clientCertificate : {};
  if ('passphrase' in certificate) return 'clientCertificate.passphrase';
  if (isObject(value) && isObject(value.client) && 'secret' in value.client) return 'client.secret';
  const cipher = isObject(value) && isObject(value.cipher) ? value.cipher : {};
  if ('key' in cipher) return 'cipher.key';
  return isObject(cipher.iv) && 'value' in cipher.iv ? 'cipher.iv.value' : undefined;
}

function connectionProblem(setting: string, { partnerCode, proxy, client }: Profile): FieldProblem {
  if (/^extraFields\.\w+\./.test(setting)) return fieldProblem(setting, problems.extraField);
  if (/^extraFields\.\w+$/.test(setting)) return fieldProblem(setting, problems.object);
  switch (setting) {
    case 'baseUrl':
    case 'apiUrl':
      return fieldProblem(setting, problems.address);
    case 'client':
      return fieldProblem(setting, client === undefined ? problems.clientMissing : problems.clientUnused);
    case 'allowHttp':
      return fieldProblem(setting, problems.publicAddress);
    case 'proxy':
      return fieldProblem(setting, isPlainProxyUrl(String(proxy)) ? problems.proxyWithoutTls : problems.proxy);
    case 'partnerCode':
      return fieldProblem(setting, partnerCode ? problems.partnerCode : problems.partnerCodeMissing);
    case 'bodyForm':
      return fieldProblem(setting, problems.plainOnly);
    // The definition's own content type cannot be that of a multipart body.
    case 'partner.headers':
      return fieldProblem('bodyForm', problems.invalid);
    default:
      // The remaining case: response settings that do not result in a valid partner definition.
      return fieldProblem('response', problems.fieldPath);
  }
}

function certificateProblem({ clientCertificate }: Profile): FieldProblem | undefined {
  if (clientCertificate === undefined) return undefined;
  const { certFile, keyFile, pfxFile } = clientCertificate;
  const isPem = certFile !== undefined && keyFile !== undefined && pfxFile === undefined;
  const isPfx = certFile === undefined && keyFile === undefined && pfxFile !== undefined;
  return isPem || isPfx ? undefined : fieldProblem('clientCertificate', problems.clientCertificate);
}

function cipherProblem(
  cipher: CipherSettingsWithoutSecrets | undefined,
  definition: PartnerDefinition,
): FieldProblem | undefined {
  if (cipher === undefined) {
    return requiresCipher(definition) ? fieldProblem('cipher', problems.cipherMissing) : undefined;
  }
  try {
    checkCipher(cipher);
    return undefined;
  } catch (error) {
    return fieldProblem(isPartnerAuthError(error) ? (error.setting ?? 'cipher') : 'cipher.iv', problems.invalid);
  }
}

function nameOf(value: unknown): string | undefined {
  const { label, id } = isObject(value) ? value : {};
  return [label, id].find((name) => typeof name === 'string' && labelPattern.test(name)) as string | undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
