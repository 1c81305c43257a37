import { didYouMean } from '../lib/did-you-mean.ts';
import { configurationError } from '../lib/errors.ts';
import { plainLine } from '../lib/plain-line.ts';
import { assertKnownKeys } from '../lib/validation.ts';
import { baseUrlProblem, baseUrlProblemWithHttp } from '../partners/base-url.ts';
import { isTaken, sessionFields } from '../partners/auth-fields.ts';
import { definePartner } from '../partners/define-partner.ts';
import type { JsonObject, PartnerDefinition } from '../partners/definition.ts';
import { partners, type BuiltInPartner } from '../partners/index.ts';
import { payloadProblem, queryProblem } from '../partners/payload.ts';
import { authCallOf } from '../partners/renewal.ts';
import { requiresPartnerCode } from '../partners/requirements.ts';

/** The options that identify the partner and how to call it. None of them is a secret, but for that of the client. */
export interface ConnectionOptions<P = BuiltInPartner | PartnerDefinition> {
  /** The id of a built-in partner, or a partner definition. */
  readonly partner: P;
  /**
   * URL of the partner's server: `https`, or `http` on loopback or with `allowHttp`. May have a path, but no user, query
   * or fragment.
   */
  readonly baseUrl: string;
  /** URL of the server for protected calls, if it is another one; as `baseUrl`. Default: `baseUrl`. */
  readonly apiUrl?: string | undefined;
  /**
   * Permit `http` for a server at a private address (RFC 1918, 100.64.0.0/10, 169.254.0.0/16, fc00::/7, fe80::/10), such
   * as a NAS. A host name must resolve to one when it is connected to. Nothing is encrypted then: anyone on that network
   * can read credentials and tokens. Never through a proxy. Default false.
   */
  readonly allowHttp?: boolean | undefined;
  /**
   * The identifier that the partner issued to you, if its definition contains `{partnerCode}`. Up to 256 printable
   * ASCII characters.
   */
  readonly partnerCode?: string | undefined;
  /** The client of an OAuth 2.0 server that the calls are made for, if the partner definition has a `client`. */
  readonly client?: ClientIdentity | undefined;
  /** How the payloads of auth calls are encoded, if the partner takes plain ones. Default: as its definition states. */
  readonly bodyForm?: PlainForm | undefined;
  /** How the partner's responses differ from its definition. */
  readonly response?: ResponseSettings | undefined;
  /** Additional payload fields, such as `{ login: { grant_type: 'password' } }`. */
  readonly extraFields?: ExtraFields | undefined;
}

/** A client as it is registered with the partner. */
export interface ClientIdentity {
  /** Up to 1,024 printable characters. */
  readonly id: string;
  /** Up to 4,096 printable characters. Default: none, for a client that cannot keep a secret. */
  readonly secret?: string | undefined;
}

/** The forms of plain payloads, for the option `bodyForm`. */
export const plainForms = ['json', 'multipart', 'urlencoded'] as const;
type PlainForm = (typeof plainForms)[number];

/** Settings for responses that differ from the partner definition. */
export interface ResponseSettings {
  /** Path of the object with the token fields, such as `data`. */
  readonly tokensIn?: string;
  /** Path of the field with the actual response, encrypted with the session's cipher. */
  readonly encryptedIn?: string;
}

/** Additional payload fields of the auth calls. */
export interface ExtraFields {
  /** Sent with the credentials. */
  readonly login?: JsonObject;
  /** Sent with the one-time code. */
  readonly oneTimeCode?: JsonObject;
  /** Sent with the refresh token. */
  readonly refresh?: JsonObject;
  /** Sent with the sign-out. */
  readonly logout?: JsonObject;
}

const extendedCalls = ['login', 'oneTimeCode', 'refresh', 'logout'] as const satisfies (keyof ExtraFields)[];

/** Checked connection options, with the profile's own settings applied to the definition. */
export interface Connection {
  readonly definition: PartnerDefinition;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** The only origin that auth calls are sent to. */
  readonly origin: string;
  /** The URL of protected calls, without a trailing slash. */
  readonly apiUrl: string;
  /** The only other origin that access tokens are sent to; often the same. */
  readonly apiOrigin: string;
  readonly partnerCode: string | undefined;
  readonly extraFields: ExtraFields;
  readonly client?: ClientIdentity | undefined;
}

/**
 * Checks connection options, as `openSession()` does. Returns the partner definition with the options applied to it, the
 * base URL in its parsed form, without a trailing slash, and the origins of auth calls and of protected calls, which tokens
 * are bound to.
 *
 * @throws PartnerAuthError `configuration`; `setting` names the option.
 */
export function checkConnection(options: ConnectionOptions): {
  /** The partner definition with `bodyForm` and `response` applied to it. */
  readonly definition: PartnerDefinition;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** The only origin that auth calls are sent to. */
  readonly origin: string;
  /** The only origin that protected calls are sent to. */
  readonly apiOrigin: string;
} {
  const { definition, baseUrl, origin, apiOrigin } = resolveConnection(options);
  return { definition, baseUrl, origin, apiOrigin };
}

/** @throws PartnerAuthError `configuration` naming the setting, before anything is sent. */
export function resolveConnection(options: ConnectionOptions): Connection {
  if (typeof options !== 'object' || (options as unknown) === null)
    throw new TypeError('The options of a connection must be an object with partner and baseUrl.');
  const definition = applySettings(resolvePartner(options.partner), options);
  const url = resolveUrl('baseUrl', options.baseUrl, options.allowHttp);
  const api = options.apiUrl === undefined ? url : resolveUrl('apiUrl', options.apiUrl, options.allowHttp);
  return {
    definition,
    baseUrl: withoutSlash(url),
    origin: url.origin,
    apiUrl: withoutSlash(api),
    apiOrigin: api.origin,
    partnerCode: resolvePartnerCode(definition, options.partnerCode),
    extraFields: resolveExtraFields(definition, options.extraFields),
    client: resolveClient(definition, options.client),
  };
}

function resolvePartner(partner: unknown): PartnerDefinition {
  if (typeof partner === 'object' && partner !== null) {
    const builtIn = Object.values(partners).find((definition) => definition === partner);
    return builtIn ?? definePartner(partner as PartnerDefinition);
  }
  if (typeof partner === 'string' && Object.hasOwn(partners, partner)) return partners[partner as BuiltInPartner];
  const names = Object.keys(partners);
  const hint = typeof partner === 'string' ? didYouMean(partner, names) : '';
  throw configurationError('partner', `partner must be one of ${names.join(', ')}, or a partner definition.${hint}`);
}

function applySettings(definition: PartnerDefinition, { bodyForm, response }: ConnectionOptions): PartnerDefinition {
  if (bodyForm === undefined && response === undefined) return definition;
  if (bodyForm !== undefined && !plainForms.includes(bodyForm))
    throw configurationError('bodyForm', "bodyForm must be 'json', 'multipart' or 'urlencoded'.");
  if (response !== undefined && (typeof response !== 'object' || (response as unknown) === null))
    throw configurationError('response', 'response must be an object with tokensIn, encryptedIn or both.');
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
      ...(typeof definition.refresh === 'object' && { refresh: { ...definition.refresh, tokensIn } }),
      ...(definition.oneTimeCode && { oneTimeCode: { ...definition.oneTimeCode, tokensIn } }),
    }),
    ...(encryptedIn !== undefined && { response: { ...definition.response, encryptedIn } }),
  });
}

function withoutSlash({ origin, pathname }: URL): string {
  return origin + pathname.replace(/\/+$/, '');
}

function resolveUrl(setting: 'baseUrl' | 'apiUrl', value: string, allowHttp: unknown): URL {
  if (allowHttp !== undefined && typeof allowHttp !== 'boolean')
    throw configurationError('allowHttp', 'allowHttp must be true or false.');
  const problem = allowHttp === true ? baseUrlProblemWithHttp(value) : baseUrlProblem(value);
  if (problem === 'publicHost') {
    const message = `allowHttp is for private addresses only, and the address in ${setting} is not one. Use https://.`;
    throw configurationError('allowHttp', message);
  }
  if (problem !== undefined)
    throw configurationError(setting, `${setting} ${typeof problem === 'string' ? problem : problem.message}`);
  return new URL(value);
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

function resolveExtraFields(definition: PartnerDefinition, fields: ExtraFields | undefined): ExtraFields {
  if (fields === undefined) return {};
  assertKnownKeys('extraFields', fields, extendedCalls);
  for (const kind of extendedCalls) {
    const given: unknown = fields[kind];
    if (given === undefined) continue;
    const setting = `extraFields.${kind}`;
    const call = authCallOf(definition, kind);
    if (call === undefined) {
      const message = `${setting} has no effect: the definition of ${definition.label} has no such call.`;
      throw configurationError(setting, message);
    }
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      throw configurationError(setting, `${setting} must be an object of payload fields.`);
    }
    if (call.method === 'GET' && definition.body.form === 'encrypted' && Object.keys(given).length > 0) {
      const message = `${setting} cannot be sent: the payloads of ${definition.label} are encrypted, and that of a GET is in the URL.`;
      throw configurationError(setting, message);
    }
    const problem = payloadProblem(definition.body, given) ?? (call.method === 'GET' ? queryProblem(given) : undefined);
    if (problem !== undefined) {
      const field = `${setting}.${plainLine(problem.path)}`;
      throw configurationError(field, `${field} ${problem.message}.`);
    }
    const name =
      Object.keys(call.extraFields ?? {}).find((field) => Object.hasOwn(given, field)) ??
      sessionFields(definition, kind).find((field) => isTaken(definition.body, given as JsonObject, field));
    if (name === undefined) continue;
    const field = `${setting}.${plainLine(name)}`;
    throw configurationError(field, `${field} has no effect: the partner definition sets this field.`);
  }
  return fields;
}

function resolveClient(definition: PartnerDefinition, client: unknown): ClientIdentity | undefined {
  const { label } = definition;
  if (client === undefined) {
    if (definition.client === undefined) return undefined;
    const message = `client is missing: ${label} requires the id of an OAuth 2.0 client, such as { id, secret }.`;
    throw configurationError('client', message);
  }
  if (definition.client === undefined) {
    const message = `client has no effect: the definition of ${label} does not say how it is sent. Add its field client.`;
    throw configurationError('client', message);
  }
  if (typeof client !== 'object' || client === null || Array.isArray(client))
    throw configurationError('client', 'client must be an object with id and, if it has one, secret.');
  assertKnownKeys('client', client, ['id', 'secret']);
  const { id, secret } = client as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string' || !/^[^\p{C}]{1,1024}$/u.test(id))
    throw configurationError('client.id', 'client.id must be a string of 1 to 1,024 printable characters.');
  if (secret === undefined) return { id };
  if (typeof secret !== 'string' || !/^[^\p{C}]{1,4096}$/u.test(secret))
    throw configurationError('client.secret', 'client.secret must be a string of 1 to 4,096 printable characters.');
  return { id, secret };
}
