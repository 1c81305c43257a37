import { configurationError } from '../lib/errors.ts';
import { assertKnownKeys } from '../lib/validation.ts';
import { definePartner } from '../partners/define-partner.ts';
import type { JsonObject, PartnerDefinition } from '../partners/definition.ts';
import { partners, type BuiltInPartner } from '../partners/index.ts';
import { requiresPartnerCode } from '../partners/requirements.ts';

/** The options that identify the partner and how to call it. None of them is a secret. */
export interface ConnectionOptions {
  /** The id of a built-in partner, or a partner definition. */
  readonly partner: BuiltInPartner | PartnerDefinition;
  /** URL of the partner's server: `https`, or `http` on loopback. May have a path, but no user, query or fragment. */
  readonly baseUrl: string;
  /**
   * The identifier that the partner issued to you, if its definition contains `{partnerCode}`. Up to 256 printable
   * ASCII characters.
   */
  readonly partnerCode?: string | undefined;
  /** How the payloads of auth calls are encoded, if the partner takes plain ones. Default: as its definition states. */
  readonly bodyForm?: 'json' | 'multipart' | undefined;
  /** How the partner's responses differ from its definition. */
  readonly response?: ResponseSettings | undefined;
  /** Additional payload fields, such as `{ login: { grant_type: 'password' } }`. */
  readonly extraFields?: ExtraFields | undefined;
}

/** Settings for responses that differ from the partner definition. */
export interface ResponseSettings {
  /** Path of the object with the token fields, such as `data`. */
  readonly tokensIn?: string;
  /** Path of the field with the actual response, encrypted with the session's cipher. */
  readonly encryptedIn?: string;
}

/** Additional payload fields of the auth calls. */
export interface ExtraFields {
  readonly login?: JsonObject;
  readonly refresh?: JsonObject;
}

/** Checked connection options, with the profile's own settings applied to the definition. */
export interface Connection {
  readonly definition: PartnerDefinition;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** The only origin that tokens of this connection are sent to. */
  readonly origin: string;
  readonly partnerCode: string | undefined;
  readonly extraFields: ExtraFields;
}

/**
 * Checks connection options, as `openSession()` does. Returns the partner definition with the options applied to it,
 * and the origin that tokens are bound to.
 *
 * @throws PartnerAuthError `configuration`; `setting` names the option.
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
  const definition = applySettings(resolvePartner(options.partner), options);
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

function applySettings(definition: PartnerDefinition, { bodyForm, response }: ConnectionOptions): PartnerDefinition {
  if (bodyForm === undefined && response === undefined) return definition;
  if (bodyForm !== undefined && definition.body.form === 'encrypted') {
    throw configurationError(
      'bodyForm',
      `bodyForm is for partners that take plain payloads; ${definition.label} requires encrypted ones.`,
    );
  }
  const { tokensIn, encryptedIn, ...rest } = response ?? {};
  assertKnownKeys('response', rest, ['tokensIn', 'encryptedIn']);
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
    throw configurationError('baseUrl', 'baseUrl must be the URL of the partner, such as https://partner.example.');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw configurationError(
      'baseUrl',
      'baseUrl must have no user, password, query or fragment. Pass credentials to login().',
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
      `partnerCode is missing: ${definition.label} requires it with every call. Ask the partner for it.`,
    );
  }
  if (typeof partnerCode === 'string' && /^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/.test(partnerCode))
    return partnerCode;
  throw configurationError(
    'partnerCode',
    'partnerCode must be up to 256 printable ASCII characters, without leading or trailing spaces.',
  );
}

function resolveExtraFields(fields: ExtraFields | undefined): ExtraFields {
  assertKnownKeys('extraFields', fields ?? {}, ['login', 'refresh']);
  for (const [name, value] of Object.entries(fields ?? {})) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw configurationError(`extraFields.${name}`, `extraFields.${name} must be an object of payload fields.`);
    }
  }
  return fields ?? {};
}
