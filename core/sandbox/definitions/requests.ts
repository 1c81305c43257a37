import { isDeepStrictEqual } from 'node:util';
import type { AuthCall, BodyForm, EncryptedBody, PartnerDefinition } from '../../partners/definition.ts';
import type { Codec } from '../codec/codec.ts';
import { asObject, parseJson, parseMultipart } from '../http/body.ts';
import type { ReceivedRequest } from '../http/exchange.ts';
import { isNonEmptyString } from '../partners/partner.ts';
import { getAt } from './paths.ts';
import type { RequestProblem } from './refusals.ts';

export type Payload = Readonly<Record<string, unknown>>;

export type ReadPayload =
  | { readonly kind: 'payload'; readonly payload: Payload }
  | { readonly kind: 'problem'; readonly problem: RequestProblem };

export interface RequestReader {
  /** Returns undefined if the constant headers match the definition. */
  readonly findHeaderProblem: (request: ReceivedRequest) => RequestProblem | undefined;
  readonly read: (form: BodyForm, request: ReceivedRequest) => Promise<ReadPayload>;
  /** As `read()`, or for a GET the payload in the query, without the parameters of the call's own path. */
  readonly readCall: (call: AuthCall, form: BodyForm, request: ReceivedRequest) => Promise<ReadPayload>;
  /** Reads the query of a protected call, decrypted if the definition says so. */
  readonly readQuery: (request: ReceivedRequest) => ReadPayload;
}

export function createReader(
  { headers = {}, requestQuery }: PartnerDefinition,
  partnerCode: string | undefined,
  codec: Codec | undefined,
): RequestReader {
  return { findHeaderProblem, read, readCall, readQuery };

  function findHeaderProblem(request: ReceivedRequest): RequestProblem | undefined {
    for (const [name, template] of Object.entries(headers)) {
      const lower = name.toLowerCase();
      const problem = findConstantProblem(`the header ${name}`, request.headers[lower]?.trim(), template.trim());
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  async function read(form: BodyForm, request: ReceivedRequest): Promise<ReadPayload> {
    if (form.form === 'encrypted') return readEncrypted(form, request);
    const payload = await readPlain(form, request);
    return payload === undefined ? toProblem(`the body must be ${form.form}`) : { kind: 'payload', payload };
  }

  async function readCall({ method, path }: AuthCall, form: BodyForm, request: ReceivedRequest): Promise<ReadPayload> {
    if (method !== 'GET') return read(form, request);
    const own = new URL(`http://sandbox${path}`).searchParams;
    return {
      kind: 'payload',
      payload: listsOf(new URLSearchParams([...request.query].filter(([name]) => !own.has(name)))),
    };
  }

  function readEncrypted(form: EncryptedBody, request: ReceivedRequest): ReadPayload {
    if (form.envelope === 'none')
      return decrypt({ body: request.body.toString('utf8') }, 'body', form.payload ?? 'json');
    const envelope = form.envelope === 'form' ? readForm(request) : readJson(request);
    if (envelope === undefined) return toProblem(`the body must be ${form.envelope ?? 'json'}`);
    for (const [name, template] of Object.entries(form.fields ?? {})) {
      const problem = findConstantProblem(`the field ${name}`, stringField(envelope, name), template);
      if (problem !== undefined) return { kind: 'problem', problem };
    }
    return decrypt(envelope, form.field, form.payload ?? 'json');
  }

  function readQuery({ query }: ReceivedRequest): ReadPayload {
    const fields = Object.fromEntries(query);
    if (requestQuery === undefined || query.size === 0) return { kind: 'payload', payload: fields };
    return decrypt(fields, requestQuery.field, requestQuery.payload ?? 'query');
  }

  function decrypt(envelope: Payload, field: string, form: 'json' | 'query'): ReadPayload {
    const ciphertext = stringField(envelope, field);
    const ivField = codec?.ivField;
    const iv = ivField === undefined ? undefined : stringField(envelope, ivField);
    if (!isNonEmptyString(ciphertext)) return toProblem(`the field ${field} is missing`);
    if (ivField !== undefined && !isNonEmptyString(iv)) return toProblem(`the field ${ivField} is missing`);
    // One response for every failure, because the failing step would reveal something about the key.
    const plain = codec?.decrypt({ ciphertext, ...(iv === undefined ? {} : { iv }) });
    const parsed = plain === undefined ? undefined : parsePayload(plain, form);
    if (parsed === undefined) return { kind: 'problem', problem: { reason: 'badCiphertext' } };
    const payload = asObject(parsed.value);
    return payload === undefined ? toProblem('the payload must be a JSON object') : { kind: 'payload', payload };
  }

  function findConstantProblem(what: string, actual: string | undefined, template: string): RequestProblem | undefined {
    if ((actual ?? '') === template.replaceAll('{partnerCode}', partnerCode ?? '')) return undefined;
    return template.includes('{partnerCode}')
      ? { reason: 'wrongPartnerCode' }
      : badRequest(`${what} does not match the definition`);
  }
}

function readPlain(form: Exclude<BodyForm, EncryptedBody>, request: ReceivedRequest): Promise<Payload | undefined> {
  if (form.form === 'multipart') return readMultipart(request);
  return Promise.resolve(form.form === 'json' ? readJson(request) : readForm(request));
}

/** The field with this name, which is a path where payloads are JSON; undefined if there is none. */
export function fieldOf(payload: Payload, name: string, form: BodyForm): unknown {
  const isJson = form.form === 'json' || (form.form === 'encrypted' && form.payload !== 'query');
  if (isJson) return getAt(payload, name);
  return Object.hasOwn(payload, name) ? payload[name] : undefined;
}

/** Whether the payload has all constant fields, as strings in forms and query payloads. */
export function hasConstantFields(
  payload: Payload,
  { method, extraFields: fields }: AuthCall,
  form: BodyForm,
): boolean {
  const hasStringValues =
    method === 'GET' || (form.form === 'encrypted' ? form.payload === 'query' : form.form !== 'json');
  return Object.entries(fields ?? {}).every(([name, expected]) => {
    const actual = Object.hasOwn(payload, name) ? payload[name] : undefined;
    if (!hasStringValues) return contains(actual, expected);
    // A form repeats the field for each item of a list; a query string may contain the list as one string.
    const items = Array.isArray(expected) ? expected.map(toFieldString) : [toFieldString(expected)];
    return isDeepStrictEqual([actual].flat(), items) || actual === toFieldString(expected);
  });
}

/** Whether a JSON value has all that is expected; an object may have more, such as a credential. */
function contains(actual: unknown, expected: unknown): boolean {
  const fields = asObject(expected);
  const given = asObject(actual);
  if (fields === undefined || given === undefined) return isDeepStrictEqual(actual, expected);
  return Object.entries(fields).every(([name, value]) => Object.hasOwn(given, name) && contains(given[name], value));
}

function toFieldString(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function badRequest(message: string): RequestProblem {
  return { reason: 'badRequest', message };
}

function toProblem(message: string): ReadPayload {
  return { kind: 'problem', problem: badRequest(message) };
}

// A real server chooses the parser by content type, so a form that is sent as JSON, or the reverse, is reported as a mistake.
function readJson(request: ReceivedRequest): Payload | undefined {
  return isType(request, 'multipart/') || isType(request, 'application/x-www-form-urlencoded')
    ? undefined
    : asObject(parseJson(request.body.toString('utf8'))?.value);
}

function readForm(request: ReceivedRequest): Payload | undefined {
  if (!isType(request, 'application/x-www-form-urlencoded')) return undefined;
  return listsOf(new URLSearchParams(request.body.toString('utf8')));
}

/** The fields of a form: a list if a field is repeated. */
function listsOf(fields: URLSearchParams): Payload {
  return Object.fromEntries(
    [...new Set(fields.keys())].map((name) => {
      const values = fields.getAll(name);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}

async function readMultipart(request: ReceivedRequest): Promise<Payload | undefined> {
  if (!isType(request, 'multipart/form-data')) return undefined;
  return parseMultipart(request.body, request.headers['content-type'] ?? '');
}

function isType({ headers }: ReceivedRequest, type: string): boolean {
  return headers['content-type']?.toLowerCase().startsWith(type) === true;
}

/** Returns undefined for what cannot be a correctly decrypted payload. */
function parsePayload(plain: string, form: 'json' | 'query'): { readonly value: unknown } | undefined {
  if (form === 'json') return parseJson(plain);
  if (plain !== '' && (!plain.includes('=') || /\p{Cc}/u.test(plain))) return undefined;
  return { value: Object.fromEntries(new URLSearchParams(plain)) };
}

function stringField(holder: Payload, name: string): string | undefined {
  const value = Object.hasOwn(holder, name) ? holder[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
