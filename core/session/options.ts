import { createCipher, type Cipher } from '../cipher/cipher.ts';
import type { CipherSettings } from '../cipher/settings.ts';
import { configurationError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { refuseUnknownKeys } from '../options.ts';
import type { JsonObject, PartnerDefinition } from '../partners/definition.ts';
import { definePartner } from '../partners/define-partner.ts';
import { partners, type BuiltInPartner } from '../partners/index.ts';
import type { TokenStore } from '../stores/token-store.ts';
import type { Clock } from './time/clock.ts';

export interface SessionOptions {
  /** A built-in partner, or the definition of another. */
  readonly partner: BuiltInPartner | PartnerDefinition;
  /** The partner's server, `https` only (`http` on loopback). May carry a path; never a user, query or fragment. */
  readonly baseUrl: string;
  /** Your identifier at the partner, where its definition has a header for it. Printable ASCII. */
  readonly partnerCode?: string | undefined;
  /** Needed where the partner wants encrypted payloads. */
  readonly cipher?: CipherSettings | undefined;
  /** Default: `memoryStore()`. */
  readonly store?: TokenStore | undefined;
  /**
   * How long before it expires an access token is refreshed, in seconds from 0. Never more than half of the token's life
   * counts. Default 300 (5 minutes).
   */
  readonly refreshMargin?: number | undefined;
  /**
   * Total deadline of one exchange with the partner, retries included, in ms from 1 to 300,000. A refresh whose answer was
   * lost asks again and may take twice as long. Default 30,000.
   */
  readonly timeout?: number | undefined;
  /** PEM of certificate authorities to trust besides the usual ones. */
  readonly ca?: string | undefined;
  /** Told what the session does, never a secret. Default: silent. */
  readonly logger?: Logger | undefined;
  /** Refresh ahead of expiry by a timer, without being asked. Default false. The timer does not keep a process alive. */
  readonly autoRefresh?: boolean | undefined;
  /** How login and refresh payloads travel where the partner takes plain ones. Default: as its definition says. */
  readonly bodyForm?: 'json' | 'multipart' | undefined;
  /** Where the partner's answers differ from its definition. */
  readonly answer?: AnswerSettings | undefined;
  /** Further payload fields, such as `{ login: { grant_type: 'password' } }`. */
  readonly extraFields?: ExtraFields | undefined;
  /** Use Node's global HTTP agents instead of own ones, where the host program patches them. Default false. */
  readonly globalAgent?: boolean | undefined;
  /** Default: the machine's clocks. */
  readonly clock?: Clock | undefined;
}

export interface AnswerSettings {
  /** The field that wraps the token fields, as a path (`data`). */
  readonly tokensIn?: string;
  /** The field that holds the answer encrypted with the same cipher. */
  readonly encryptedIn?: string;
}

export interface ExtraFields {
  readonly login?: JsonObject;
  readonly refresh?: JsonObject;
}

export interface ResolvedConnection {
  readonly definition: PartnerDefinition;
  readonly baseUrl: string;
  readonly origin: string;
  readonly partnerCode: string | undefined;
  readonly extraFields: ExtraFields;
}

export interface ResolvedOptions extends ResolvedConnection {
  readonly cipher: Cipher | undefined;
  readonly margin: number;
  readonly timeout: number;
}

/** The options that name the partner and how to talk to it; none of them is a secret. */
export type ConnectionOptions = Pick<
  SessionOptions,
  'partner' | 'baseUrl' | 'partnerCode' | 'bodyForm' | 'answer' | 'extraFields'
>;

const known = [
  'partner',
  'baseUrl',
  'partnerCode',
  'cipher',
  'store',
  'refreshMargin',
  'timeout',
  'ca',
  'logger',
  'autoRefresh',
  'bodyForm',
  'answer',
  'extraFields',
  'globalAgent',
  'clock',
];

/**
 * @throws PartnerAuthError `configuration` for a wrong or missing setting, before anything is sent.
 * @throws TypeError for an unknown option.
 */
export function resolveOptions(options: SessionOptions): ResolvedOptions {
  refuseUnknownKeys('openSession', options, known);
  const connection = resolveConnection(options);
  return {
    ...connection,
    cipher: resolveCipher(connection.definition, options.cipher),
    margin: 1000 * numberIn('refreshMargin', options.refreshMargin, 300, 0, 86_400 * 365),
    timeout: numberIn('timeout', options.timeout, 30_000, 1, 300_000),
  };
}

/**
 * Checks the settings of a connection without its secrets, as `openSession()` will, and returns the partner's definition
 * with them applied and the origin that its tokens are bound to.
 *
 * @throws PartnerAuthError `configuration` naming the setting.
 */
export function checkConnection(options: ConnectionOptions): {
  readonly definition: PartnerDefinition;
  readonly origin: string;
} {
  const { definition, origin } = resolveConnection(options);
  return { definition, origin };
}

function resolveConnection(options: ConnectionOptions): ResolvedConnection {
  const definition = withAnswerSettings(resolvePartner(options.partner), options);
  const url = resolveBaseUrl(options.baseUrl);
  return {
    definition,
    baseUrl: url.origin + url.pathname.replace(/\/+$/, ''),
    origin: url.origin,
    partnerCode: resolvePartnerCode(definition, options.partnerCode),
    extraFields: resolveExtraFields(options.extraFields),
  };
}

function resolvePartner(partner: unknown): PartnerDefinition {
  if (typeof partner === 'object' && partner !== null) {
    const builtIn = Object.values(partners).find((definition) => definition === partner);
    return builtIn ?? definePartner(partner as PartnerDefinition);
  }
  if (typeof partner === 'string' && Object.hasOwn(partners, partner)) return partners[partner as BuiltInPartner];
  const names = Object.keys(partners).join(', ');
  throw configurationError('partner', `partner must be one of ${names}, or a partner definition.`);
}

function withAnswerSettings(definition: PartnerDefinition, { bodyForm, answer }: ConnectionOptions): PartnerDefinition {
  if (bodyForm === undefined && answer === undefined) return definition;
  if (bodyForm !== undefined && definition.body.form === 'encrypted') {
    throw configurationError(
      'bodyForm',
      `bodyForm is for partners that take plain payloads; ${definition.label} wants them encrypted.`,
    );
  }
  const { tokensIn, encryptedIn, ...rest } = answer ?? {};
  refuseUnknownKeys('answer', rest, ['tokensIn', 'encryptedIn']);
  return definePartner({
    ...definition,
    ...(bodyForm && { body: { form: bodyForm } }),
    ...(tokensIn !== undefined && {
      login: { ...definition.login, tokensIn },
      refresh: { ...definition.refresh, tokensIn },
    }),
    ...(encryptedIn !== undefined && { answer: { ...definition.answer, encryptedIn } }),
  });
}

function resolveBaseUrl(baseUrl: unknown): URL {
  const url = typeof baseUrl === 'string' && URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined) {
    throw configurationError('baseUrl', 'baseUrl must be the address of the partner, such as https://partner.example.');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw configurationError(
      'baseUrl',
      'baseUrl must have no user, password, query or fragment. Credentials go to login().',
    );
  }
  const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    throw configurationError('baseUrl', 'baseUrl must start with https://; http:// is for loopback addresses only.');
  }
  return url;
}

function resolvePartnerCode({ headers, label }: PartnerDefinition, partnerCode: unknown): string | undefined {
  if (partnerCode === undefined || partnerCode === '') {
    if (!Object.values(headers ?? {}).some((value) => value.includes('{partnerCode}'))) return undefined;
    throw configurationError(
      'partnerCode',
      `partnerCode is missing: ${label} wants it with every call and gives it to you.`,
    );
  }
  if (typeof partnerCode === 'string' && /^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/.test(partnerCode))
    return partnerCode;
  throw configurationError(
    'partnerCode',
    'partnerCode must be up to 256 printable ASCII characters, without spaces around it.',
  );
}

function resolveCipher(
  { body, answer, label }: PartnerDefinition,
  settings: CipherSettings | undefined,
): Cipher | undefined {
  if (settings !== undefined) return createCipher(settings);
  if (body.form !== 'encrypted' && answer.encryptedIn === undefined) return undefined;
  throw configurationError(
    'cipher',
    `cipher is missing: ${label} wants encrypted payloads. Ask it for the key, its form and the IV rule.`,
  );
}

function resolveExtraFields(fields: ExtraFields | undefined): ExtraFields {
  refuseUnknownKeys('extraFields', fields ?? {}, ['login', 'refresh']);
  for (const [name, value] of Object.entries(fields ?? {})) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw configurationError(`extraFields.${name}`, `extraFields.${name} must be an object of payload fields.`);
    }
  }
  return fields ?? {};
}

function numberIn(name: string, value: unknown, fallback: number, least: number, most: number): number {
  if (value === undefined) return fallback;
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw configurationError(name, `${name} must be a number from ${least} to ${most}.`);
}
