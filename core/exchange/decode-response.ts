import type { Cipher } from '../cipher/cipher.ts';
import { parseJson, stringAt } from '../lib/json.ts';
import { decodeText } from '../lib/text.ts';
import type { ResponseShape } from '../partners/definition.ts';
import { parseFieldPath } from '../partners/field-path.ts';
import { textAt, type ResponseContent } from './response-fields.ts';
import type { HttpResponse } from '../transport/http.ts';

/** The content of a response, not yet classified. */
export interface DecodedResponse extends ResponseContent {
  /** `undecryptable`: the body contains a ciphertext that cannot be decrypted; `text` and `json` are its envelope. */
  readonly encryption: 'plain' | 'decrypted' | 'undecryptable';
}

/** Decodes a response body and, if its form has `encryptedIn`, decrypts the actual response from it. */
export function decodeResponse(
  { encryptedIn }: Pick<ResponseShape, 'encryptedIn'>,
  { headers, body }: Pick<HttpResponse, 'headers' | 'body'>,
  cipher: Cipher | undefined,
): DecodedResponse {
  const text = decodeText(body, headers['content-type']);
  const json = parseJson(text);
  const plain = { text, json, headers, encryption: 'plain' } as const;
  if (encryptedIn === undefined || cipher === undefined) return plain;
  const isWhole = parseFieldPath(encryptedIn).from === 'body';
  // Errors, and what gateways send, may be plain. A ciphertext has 16 bytes or more, and no spaces.
  const ciphertext = isWhole && !/^(?![{[<])[^ \t]{22,}$/.test(text.trim()) ? undefined : textAt(plain, encryptedIn);
  if (ciphertext === undefined) return plain;
  const iv = cipher.ivField === undefined ? undefined : stringAt(json, siblingPath(encryptedIn, cipher.ivField));
  try {
    const decrypted = cipher.decrypt(ciphertext, iv).replace(/^\ufeff/, '');
    return { text: decrypted, json: parseJson(decrypted), headers, encryption: 'decrypted' };
  } catch {
    return { ...plain, encryption: 'undecryptable' };
  }
}

function siblingPath(path: string | undefined, name: string): string {
  return [...(path ?? '').split('.').slice(0, -1), name].join('.');
}
