import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Cipher, EncryptedMessage } from '../cipher/cipher.ts';
import { nodeCrypto } from '../lib/node-modules.ts';
import type { BodyForm, EncryptedBody } from '../partners/definition.ts';

/** The fields of a payload. */
export type Payload = Readonly<Record<string, unknown>>;

/** A request body. */
export interface EncodedBody {
  readonly body: string | Buffer;
  readonly contentType: string;
  /** Strings that must not be logged: with a fixed key, a captured ciphertext is as good as a password. */
  readonly secrets: readonly string[];
  /** The text fields of a multipart body. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
}

/** A longer payload, in characters, is processed in chunks of this length, since it would block the event loop. */
const chunkLength = 256 * 1024;

/** Encodes a payload as a request body. `partnerCode` is inserted into the envelope's constant fields. */
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
      if (cipher === undefined) throw new TypeError('An encrypted body requires a cipher.');
      return encryptInChunks(form, payload, cipher, partnerCode);
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

/**
 * Encrypts a payload into its envelope. A string is encrypted as it is.
 *
 * @param partnerCode replaces `{partnerCode}` in the envelope's constant fields.
 */
export function encryptedBody(
  form: EncryptedBody,
  payload: Payload | string,
  cipher: Cipher,
  partnerCode = '',
): EncodedBody & { readonly body: string } {
  return wrapInEnvelope(form, cipher.encryptWithIv(plainText(form, payload)), cipher, partnerCode);
}

/** As `encryptedBody`, and yields to the event loop between the steps of a long payload. */
async function encryptInChunks(
  form: EncryptedBody,
  payload: Payload,
  cipher: Cipher,
  partnerCode: string,
): Promise<EncodedBody> {
  const plain = plainText(form, payload);
  if (plain.length <= chunkLength) return wrapInEnvelope(form, cipher.encryptWithIv(plain), cipher, partnerCode);
  await yieldToEventLoop();
  const { ciphertext, iv } = cipher.encryptWithIv(plain);
  const placeholder = nodeCrypto().randomUUID();
  const encoded = wrapInEnvelope(
    form,
    { ciphertext: placeholder, ...(iv !== undefined && { iv }) },
    cipher,
    partnerCode,
  );
  const [before = '', after = ''] = encoded.body.split(placeholder);
  const escape = form.envelope === 'form' ? encodeURIComponent : (text: string) => JSON.stringify(text).slice(1, -1);
  const chunks = [Buffer.from(before)];
  for (let at = 0; at < ciphertext.length; at += chunkLength) {
    await yieldToEventLoop();
    chunks.push(Buffer.from(escape(ciphertext.slice(at, at + chunkLength))));
  }
  chunks.push(Buffer.from(after));
  await yieldToEventLoop();
  return { ...encoded, body: Buffer.concat(chunks), secrets: [ciphertext] };
}

function plainText(form: EncryptedBody, payload: Payload | string): string {
  if (typeof payload === 'string') return payload;
  return form.payload === 'query' ? queryString(payload) : JSON.stringify(payload);
}

function wrapInEnvelope(
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
  return new URLSearchParams(entries.map(([name, value]): [string, string] => [name, stringify(value)])).toString();
}

/** A list becomes one field per item, a Blob becomes a file. */
function formData(payload: Payload): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(payload)) {
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (item instanceof Blob) form.append(name, item);
      else if (item !== undefined) form.append(name, stringify(item));
    }
  }
  return form;
}

function stringify(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
