import { setImmediate as othersFirst } from 'node:timers/promises';
import type { Cipher, EncryptedMessage } from '../cipher/cipher.ts';
import { nodeCrypto } from '../lib/node-modules.ts';
import type { BodyForm, EncryptedBody } from '../partners/definition.ts';

export type Payload = Readonly<Record<string, unknown>>;

export interface EncodedBody {
  readonly body: string | Buffer;
  readonly contentType: string;
  /** What must not be seen in a log or a message: with a fixed key a captured ciphertext is a password. */
  readonly secrets: readonly string[];
  /** The text fields of a multipart form, before they were put into the body. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
}

/** Characters from which on a payload keeps the event loop for milliseconds. */
const longPayload = 256 * 1024;

/** The payload as it travels. `partnerCode` fills the envelope's constant fields. */
export async function encodeBody(
  form: BodyForm,
  payload: Payload,
  cipher: Cipher | undefined,
  partnerCode = '',
): Promise<EncodedBody> {
  switch (form.form) {
    case 'json':
      return { body: JSON.stringify(payload), contentType: 'application/json', secrets: [] };
    case 'encrypted':
      if (cipher === undefined) throw new TypeError('An encrypted body needs a cipher.');
      return inPieces(form, payload, cipher, partnerCode);
    case 'multipart': {
      const fields = formData(payload);
      const encoded = new Response(fields);
      return {
        body: Buffer.from(await encoded.arrayBuffer()),
        contentType: encoded.headers.get('content-type') ?? 'multipart/form-data',
        secrets: [],
        fields: [...fields].filter((field): field is [string, string] => typeof field[1] === 'string'),
      };
    }
  }
}

/** The payload encrypted in its envelope; a text is encrypted as it stands. `partnerCode` fills the constant fields. */
export function encryptedBody(
  form: EncryptedBody,
  payload: Payload | string,
  cipher: Cipher,
  partnerCode = '',
): EncodedBody & { readonly body: string } {
  return enveloped(form, cipher.encryptWithIv(plainText(form, payload)), cipher, partnerCode);
}

/** As `encryptedBody`; around a long payload others have the event loop between steps of some ms each. */
async function inPieces(
  form: EncryptedBody,
  payload: Payload,
  cipher: Cipher,
  partnerCode: string,
): Promise<EncodedBody> {
  const plain = plainText(form, payload);
  if (plain.length <= longPayload) return enveloped(form, cipher.encryptWithIv(plain), cipher, partnerCode);
  await othersFirst();
  const { ciphertext, iv } = cipher.encryptWithIv(plain);
  const standIn = nodeCrypto().randomUUID();
  const encoded = enveloped(form, { ciphertext: standIn, ...(iv !== undefined && { iv }) }, cipher, partnerCode);
  const [before = '', after = ''] = encoded.body.split(standIn);
  const escape = form.envelope === 'form' ? encodeURIComponent : (text: string) => JSON.stringify(text).slice(1, -1);
  const pieces = [Buffer.from(before)];
  for (let at = 0; at < ciphertext.length; at += longPayload) {
    await othersFirst();
    pieces.push(Buffer.from(escape(ciphertext.slice(at, at + longPayload))));
  }
  pieces.push(Buffer.from(after));
  await othersFirst();
  return { ...encoded, body: Buffer.concat(pieces), secrets: [ciphertext] };
}

function plainText(form: EncryptedBody, payload: Payload | string): string {
  if (typeof payload === 'string') return payload;
  return form.payload === 'query' ? queryString(payload) : JSON.stringify(payload);
}

function enveloped(
  form: EncryptedBody,
  { ciphertext, iv }: EncryptedMessage,
  { ivField }: Cipher,
  partnerCode: string,
): EncodedBody & { readonly body: string } {
  const envelope: Record<string, string> = {};
  for (const [name, value] of Object.entries(form.fields ?? {})) {
    envelope[name] = value.replaceAll('{partnerCode}', partnerCode);
  }
  envelope[form.field] = ciphertext;
  if (iv !== undefined && ivField !== undefined) envelope[ivField] = iv;
  return form.envelope === 'form'
    ? { body: queryString(envelope), contentType: 'application/x-www-form-urlencoded', secrets: [ciphertext] }
    : { body: JSON.stringify(envelope), contentType: 'application/json', secrets: [ciphertext] };
}

function queryString(fields: Payload): string {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return new URLSearchParams(entries.map(([name, value]): [string, string] => [name, asText(value)])).toString();
}

/** A list becomes a field for each of its items; a Blob becomes a file. */
function formData(payload: Payload): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(payload)) {
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (item instanceof Blob) form.append(name, item);
      else if (item !== undefined) form.append(name, asText(item));
    }
  }
  return form;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
