import type { Cipher } from '../cipher/cipher.ts';
import type { BodyForm } from '../partners/definition.ts';

export type Payload = Readonly<Record<string, unknown>>;

export interface EncodedBody {
  readonly body: string | Buffer;
  readonly contentType: string;
  /** What must not be seen in a log or a message: with a fixed key a captured ciphertext is a password. */
  readonly secrets: readonly string[];
}

/** The payload as it travels. */
export async function encodeBody(form: BodyForm, payload: Payload, cipher: Cipher | undefined): Promise<EncodedBody> {
  switch (form.form) {
    case 'json':
      return { body: JSON.stringify(payload), contentType: 'application/json', secrets: [] };
    case 'encrypted': {
      if (cipher === undefined) throw new TypeError('An encrypted body needs a cipher.');
      const sealed = cipher.encrypt(JSON.stringify(payload));
      return { body: JSON.stringify({ [form.field]: sealed }), contentType: 'application/json', secrets: [sealed] };
    }
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

/** A list becomes a field for each of its items; a Blob becomes a file. */
function formData(payload: Payload): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(payload)) {
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (item instanceof Blob) form.append(name, item);
      else if (item !== undefined) form.append(name, typeof item === 'string' ? item : JSON.stringify(item));
    }
  }
  return form;
}
