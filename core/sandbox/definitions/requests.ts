import { isDeepStrictEqual } from 'node:util';
import type { BodyForm, EncryptedBody, JsonObject, PartnerDefinition } from '../../partners/definition.ts';
import type { Codec } from '../codec/codec.ts';
import { asObject, parseJson, parseMultipart } from '../http/body.ts';
import type { ReceivedRequest } from '../http/exchange.ts';
import { isNonEmptyString } from '../partners/partner.ts';
import type { RequestProblem } from './refusals.ts';

export type Payload = Readonly<Record<string, unknown>>;

export type ReadPayload =
  | { readonly kind: 'payload'; readonly payload: Payload }
  | { readonly kind: 'problem'; readonly problem: RequestProblem };

export interface RequestReader {
  /** Returns undefined if the constant headers match the definition. */
  readonly findHeaderProblem: (request: ReceivedRequest, isProtected: boolean) => RequestProblem | undefined;
  readonly read: (form: BodyForm, request: ReceivedRequest) => Promise<ReadPayload>;
  /** Reads the query of a protected call, decrypted if the definition says so. */
  readonly readQuery: (request: ReceivedRequest) => ReadPayload;
}

export function createReader(
  { headers = {}, requestQuery }: PartnerDefinition,
  partnerCode: string | undefined,
  codec: Codec | undefined,
): RequestReader {
  return { findHeaderProblem, read, readQuery };

  function findHeaderProblem(request: ReceivedRequest, isProtected: boolean): RequestProblem | undefined {
    // The bearer token replaces a constant value of this header.
    const skipped = isProtected ? ['authorization'] : [];
    for (const [name, template] of Object.entries(headers)) {
      const lower = name.toLowerCase();
      if (skipped.includes(lower)) continue;
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

/** Whether the payload has all constant fields, as strings in forms and query payloads. */
export function hasConstantFields(payload: Payload, fields: JsonObject | undefined, form: BodyForm): boolean {
  const hasStringValues = form.form === 'encrypted' ? form.payload === 'query' : form.form !== 'json';
  return Object.entries(fields ?? {}).every(([name, expected]) => {
    const actual = Object.hasOwn(payload, name) ? payload[name] : undefined;
    if (!hasStringValues) return isDeepStrictEqual(actual, expected);
    // A form repeats the field for each item of a list; a query string may contain the list as one string.
    const items = Array.isArray(expected) ? expected.map(toFieldString) : [toFieldString(expected)];
    return isDeepStrictEqual([actual].flat(), items) || actual === toFieldString(expected);
  });
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
  const fields = new URLSearchParams(request.body.toString('utf8'));
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
