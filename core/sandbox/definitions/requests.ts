import { isDeepStrictEqual } from 'node:util';
import type { BodyForm, EncryptedBody, JsonObject, PartnerDefinition } from '../../partners/definition.ts';
import type { Codec } from '../codec/codec.ts';
import { asObject, parseJson, parseMultipart } from '../http/body.ts';
import type { ReceivedRequest } from '../http/exchange.ts';
import { isFilled } from '../partners/partner.ts';
import type { Problem } from './refusals.ts';

export type Payload = Readonly<Record<string, unknown>>;

export type ReadPayload =
  { readonly kind: 'payload'; readonly payload: Payload } | { readonly kind: 'problem'; readonly problem: Problem };

export interface Reader {
  /** Undefined when the constant headers are as defined. */
  readonly headerProblem: (request: ReceivedRequest, isProtected: boolean) => Problem | undefined;
  readonly read: (form: BodyForm, request: ReceivedRequest) => Promise<ReadPayload>;
}

export function createReader(
  { headers = {} }: PartnerDefinition,
  partnerCode: string | undefined,
  codec: Codec | undefined,
): Reader {
  return { headerProblem, read };

  function headerProblem(request: ReceivedRequest, isProtected: boolean): Problem | undefined {
    // The body's own type and the bearer stand in place of constant ones.
    const skipped = isProtected ? ['content-type', 'authorization'] : ['content-type'];
    for (const [name, template] of Object.entries(headers)) {
      const lower = name.toLowerCase();
      if (skipped.includes(lower)) continue;
      const problem = constantProblem(`the header ${name}`, request.headers[lower]?.trim(), template.trim());
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  async function read(form: BodyForm, request: ReceivedRequest): Promise<ReadPayload> {
    if (form.form === 'encrypted') return readEncrypted(form, request);
    const payload = form.form === 'json' ? readJson(request) : await readMultipart(request);
    return payload === undefined ? unreadable(`the body must be ${form.form}`) : { kind: 'payload', payload };
  }

  function readEncrypted(form: EncryptedBody, request: ReceivedRequest): ReadPayload {
    const envelope = form.envelope === 'form' ? readForm(request) : readJson(request);
    if (envelope === undefined) return unreadable(`the body must be ${form.envelope ?? 'json'}`);
    for (const [name, template] of Object.entries(form.fields ?? {})) {
      const problem = constantProblem(`the field ${name}`, ownText(envelope, name), template);
      if (problem !== undefined) return { kind: 'problem', problem };
    }
    const text = ownText(envelope, form.field);
    const ivField = codec?.ivField;
    const iv = ivField === undefined ? undefined : ownText(envelope, ivField);
    if (!isFilled(text)) return unreadable(`the field ${form.field} is missing`);
    if (ivField !== undefined && !isFilled(iv)) return unreadable(`the field ${ivField} is missing`);
    // One answer for every failure: which step failed would tell an attacker about the key.
    const plain = codec?.decrypt({ text, ...(iv === undefined ? {} : { iv }) });
    const parsed = plain === undefined ? undefined : parsePayload(plain, form.payload ?? 'json');
    if (parsed === undefined) return { kind: 'problem', problem: { situation: 'badCiphertext' } };
    const payload = asObject(parsed.value);
    return payload === undefined ? unreadable('the payload must be a JSON object') : { kind: 'payload', payload };
  }

  function constantProblem(what: string, given: string | undefined, template: string): Problem | undefined {
    if ((given ?? '') === template.replaceAll('{partnerCode}', partnerCode ?? '')) return undefined;
    return template.includes('{partnerCode}')
      ? { situation: 'wrongPartnerCode' }
      : badRequest(`${what} is not as defined`);
  }
}

/** Whether all constant fields are in the payload; where payloads are text, as text. */
export function hasFields(payload: Payload, fields: JsonObject | undefined, form: BodyForm): boolean {
  const isText = form.form === 'multipart' || (form.form === 'encrypted' && form.payload === 'query');
  return Object.entries(fields ?? {}).every(([name, wanted]) => {
    const given = Object.hasOwn(payload, name) ? payload[name] : undefined;
    if (!isText) return isDeepStrictEqual(given, wanted);
    // A form has a field for each item of a list, a query string may have the list as one text.
    const items = Array.isArray(wanted) ? wanted.map(asText) : [asText(wanted)];
    return isDeepStrictEqual([given].flat(), items) || given === asText(wanted);
  });
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function badRequest(text: string): Problem {
  return { situation: 'badRequest', text };
}

function unreadable(text: string): ReadPayload {
  return { kind: 'problem', problem: badRequest(text) };
}

// A real server picks the parser by the type, so a form that calls itself JSON, or the other way round, is a mistake worth showing.
function readJson(request: ReceivedRequest): Payload | undefined {
  return isType(request, 'multipart/') || isType(request, 'application/x-www-form-urlencoded')
    ? undefined
    : asObject(parseJson(request.body.toString('utf8'))?.value);
}

function readForm(request: ReceivedRequest): Payload | undefined {
  if (!isType(request, 'application/x-www-form-urlencoded')) return undefined;
  return Object.fromEntries(new URLSearchParams(request.body.toString('utf8')));
}

async function readMultipart(request: ReceivedRequest): Promise<Payload | undefined> {
  if (!isType(request, 'multipart/form-data')) return undefined;
  return parseMultipart(request.body, request.headers['content-type'] ?? '');
}

function isType({ headers }: ReceivedRequest, type: string): boolean {
  return headers['content-type']?.toLowerCase().startsWith(type) === true;
}

/** Undefined for what no partner would take for a payload that was decrypted right. */
function parsePayload(plain: string, form: 'json' | 'query'): { readonly value: unknown } | undefined {
  if (form === 'json') return parseJson(plain);
  if (plain !== '' && (!plain.includes('=') || /\p{Cc}/u.test(plain))) return undefined;
  return { value: Object.fromEntries(new URLSearchParams(plain)) };
}

function ownText(holder: Payload, name: string): string | undefined {
  const value = Object.hasOwn(holder, name) ? holder[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
