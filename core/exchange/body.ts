import type { Cipher } from '../cipher/cipher.ts';
import type { BodyForm, EncryptedBody } from '../partners/definition.ts';

export type Payload = Readonly<Record<string, unknown>>;

export interface EncodedBody {
  readonly body: string | Buffer;
  readonly contentType: string;
  /** What must not be seen in a log or a message: with a fixed key a captured ciphertext is a password. */
  readonly secrets: readonly string[];
}

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
      return encryptedBody(form, payload, cipher, partnerCode);
    case 'multipart': {
      const encoded = new Response(formData(payload));
      return {
        body: Buffer.from(await encoded.arrayBuffer()),
        contentType: encoded.headers.get('content-type') ?? 'multipart/form-data',
        secrets: [],
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
  const asQuery = form.payload === 'query';
  const plain = typeof payload === 'string' ? payload : asQuery ? queryString(payload) : JSON.stringify(payload);
  const { ciphertext, iv } = cipher.seal(plain);
  const envelope: Record<string, string> = {};
  for (const [name, value] of Object.entries(form.fields ?? {})) {
    envelope[name] = value.replaceAll('{partnerCode}', partnerCode);
  }
  envelope[form.field] = ciphertext;
  if (iv !== undefined && cipher.ivField !== undefined) envelope[cipher.ivField] = iv;
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
