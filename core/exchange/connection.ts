import { configurationError } from '../lib/errors.ts';
import { refuseUnknownKeys } from '../lib/validation.ts';
import { definePartner } from '../partners/define-partner.ts';
import type { JsonObject, PartnerDefinition } from '../partners/definition.ts';
import { partners, type BuiltInPartner } from '../partners/index.ts';
import { requiresPartnerCode } from '../partners/requirements.ts';

/** The options that name the partner and how to talk to it; none of them is a secret. */
export interface ConnectionOptions {
  /** A built-in partner, or the definition of another. */
  readonly partner: BuiltInPartner | PartnerDefinition;
  /** The partner's server, `https` only (`http` on loopback). May have a path; never a user, query or fragment. */
  readonly baseUrl: string;
  /** Your identifier at the partner, if its definition has a header for it. Printable ASCII. */
  readonly partnerCode?: string | undefined;
  /** How login and refresh payloads travel to a partner that takes plain ones. Default: as its definition says. */
  readonly bodyForm?: 'json' | 'multipart' | undefined;
  /** Where the partner's responses differ from its definition. */
  readonly response?: ResponseSettings | undefined;
  /** Further payload fields, such as `{ login: { grant_type: 'password' } }`. */
  readonly extraFields?: ExtraFields | undefined;
}

export interface ResponseSettings {
  /** The field that wraps the token fields, as a path (`data`). */
  readonly tokensIn?: string;
  /** The field whose value is the real response, encrypted with the same cipher. */
  readonly encryptedIn?: string;
}

export interface ExtraFields {
  readonly login?: JsonObject;
  readonly refresh?: JsonObject;
}

/** Checked connection options, with the profile's own settings applied to the definition. */
export interface Connection {
  readonly definition: PartnerDefinition;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** Tokens from this connection go to no other origin. */
  readonly origin: string;
  readonly partnerCode: string | undefined;
  readonly extraFields: ExtraFields;
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

/** @throws PartnerAuthError `configuration` naming the setting, before anything is sent. */
export function resolveConnection(options: ConnectionOptions): Connection {
  const definition = withOwnSettings(resolvePartner(options.partner), options);
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

function withOwnSettings(definition: PartnerDefinition, { bodyForm, response }: ConnectionOptions): PartnerDefinition {
  if (bodyForm === undefined && response === undefined) return definition;
  if (bodyForm !== undefined && definition.body.form === 'encrypted') {
    throw configurationError(
      'bodyForm',
      `bodyForm is for partners that take plain payloads; ${definition.label} requires encrypted ones.`,
    );
  }
  const { tokensIn, encryptedIn, ...rest } = response ?? {};
  refuseUnknownKeys('response', rest, ['tokensIn', 'encryptedIn']);
  return definePartner({
    ...definition,
    ...(bodyForm && { body: { form: bodyForm } }),
    ...(tokensIn !== undefined && {
      login: { ...definition.login, tokensIn },
      refresh: { ...definition.refresh, tokensIn },
    }),
    ...(encryptedIn !== undefined && { response: { ...definition.response, encryptedIn } }),
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

function resolvePartnerCode(definition: PartnerDefinition, partnerCode: unknown): string | undefined {
  if (partnerCode === undefined || partnerCode === '') {
    if (!requiresPartnerCode(definition)) return undefined;
    throw configurationError(
      'partnerCode',
      `partnerCode is missing: ${definition.label} requires it with every call and gives it to you.`,
    );
  }
  if (typeof partnerCode === 'string' && /^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/.test(partnerCode))
    return partnerCode;
  throw configurationError(
    'partnerCode',
    'partnerCode must be up to 256 printable ASCII characters, without spaces around it.',
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
