import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Cipher, EncryptedMessage } from '../cipher/cipher.ts';
import { nodeCrypto } from '../lib/node-modules.ts';
import type { BodyForm, EncryptedBody } from '../partners/definition.ts';
import { bytesOf, copyPayload, isBlob, type Content, type Payload } from '../partners/payload.ts';

export type { Payload } from '../partners/payload.ts';

/** A request body. */
export interface EncodedBody {
  /** As it is sent. */
  readonly body: string | Buffer;
  /** The `Content-Type` header. */
  readonly contentType: string;
  /** Strings that must not be logged: with a fixed key, a captured ciphertext is as good as a password. */
  readonly secrets: readonly string[];
  /** The text fields of a multipart body. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
}

const formType = 'application/x-www-form-urlencoded';

/** A longer payload, in characters, is processed in chunks of this length, since it would block the event loop. */
const chunkLength = 256 * 1024;

/**
 * Encodes a payload as a request body; a string is encrypted as it is. `partnerCode` is inserted into the envelope's constant fields.
 *
 * @throws TypeError naming the field that the form cannot carry; see `copyPayload()`.
 */
export async function encodeBody(
  form: BodyForm,
  given: Content | string,
  cipher: Cipher | undefined,
  partnerCode = '',
): Promise<EncodedBody> {
  const payload = typeof given === 'string' && form.form === 'encrypted' ? given : copyPayload(form, given);
  switch (form.form) {
    case 'json':
      return { body: JSON.stringify(payload), contentType: 'application/json', secrets: [] };
    case 'encrypted':
      if (cipher === undefined) throw new TypeError('An encrypted body requires a cipher.');
      return encryptInChunks(form, payload, cipher, partnerCode);
    case 'multipart':
      return multipartBody(payload as Payload);
    case 'urlencoded':
      return { body: formBody(payload as Payload), contentType: formType, secrets: [] };
  }
}

/**
 * Encrypts a payload into its envelope. A string is encrypted as it is.
 *
 * @throws TypeError naming a field whose value JSON or a query string cannot carry, such as a Date.
 * @param partnerCode replaces `{partnerCode}` in the envelope's constant fields.
 */
export function encryptedBody(
  form: EncryptedBody,
  payload: Content | string,
  cipher: Cipher,
  partnerCode = '',
): EncodedBody & {
  /** The envelope. */
  readonly body: string;
} {
  const plain = plainText(form, typeof payload === 'string' ? payload : copyPayload(form, payload));
  return wrapInEnvelope(form, cipher.encryptWithIv(plain), cipher, partnerCode);
}

/** As `encryptedBody`, and yields to the event loop between the steps of a long payload. */
async function encryptInChunks(
  form: EncryptedBody,
  payload: Content | string,
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

function plainText(form: EncryptedBody, payload: Content | string): string {
  if (typeof payload === 'string') return payload;
  return form.payload === 'query' ? queryString(payload as Payload) : JSON.stringify(payload);
}

function wrapInEnvelope(
  form: EncryptedBody,
  { ciphertext, iv }: EncryptedMessage,
  { ivField }: Cipher,
  partnerCode: string,
): EncodedBody & {
  /** The envelope. */
  readonly body: string;
} {
  if (form.envelope === 'none') return { body: ciphertext, contentType: 'text/plain', secrets: [ciphertext] };
  const envelope: Record<string, string> = {};
  for (const [name, value] of Object.entries(form.fields ?? {})) {
    envelope[name] = value.replaceAll('{partnerCode}', partnerCode);
  }
  envelope[form.field] = ciphertext;
  if (iv !== undefined && ivField !== undefined) envelope[ivField] = iv;
  return form.envelope === 'form'
    ? { body: queryString(envelope), contentType: formType, secrets: [ciphertext] }
    : { body: JSON.stringify(envelope), contentType: 'application/json', secrets: [ciphertext] };
}

function queryString(fields: Payload): string {
  return new URLSearchParams(
    Object.entries(fields).map(([name, value]): [string, string] => [name, stringify(value)]),
  ).toString();
}

/** One field for each item of a list. */
function formBody(fields: Payload): string {
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).map((item): [string, string] => [name, stringify(item)]),
  );
  return new URLSearchParams(pairs).toString();
}

/**
 * A `multipart/form-data` body (RFC 7578): one part for each item of a list, bytes and Blobs as files. Not by `FormData`,
 * which changes each line break in a string to CRLF.
 */
async function multipartBody(payload: Payload): Promise<EncodedBody> {
  const boundary = `partner-auth-${nodeCrypto().randomUUID()}`;
  const fields: [string, string][] = [];
  const chunks: (string | Uint8Array)[] = [];
  for (const [name, value] of Object.entries(payload)) {
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(name)}"`;
      const file = isBlob(item) ? new Uint8Array(await item.arrayBuffer()) : bytesOf(item);
      if (file === undefined) {
        fields.push([name, stringify(item)]);
        chunks.push(`${head}\r\n\r\n${stringify(item)}\r\n`);
      } else {
        const { name: fileName = 'blob', type = '' } = item as Partial<File>;
        const contentType = type === '' ? 'application/octet-stream' : type;
        chunks.push(
          `${head}; filename="${escapeName(fileName)}"\r\nContent-Type: ${contentType}\r\n\r\n`,
          file,
          '\r\n',
        );
      }
    }
  }
  chunks.push(`--${boundary}--\r\n`);
  return {
    body: Buffer.concat(chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk))),
    contentType: `multipart/form-data; boundary=${boundary}`,
    secrets: [],
    fields,
  };
}

/** The name of a part or file, as browsers write it (HTML, "multipart form data"). */
export function escapeName(name: string): string {
  return name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
}

function stringify(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
