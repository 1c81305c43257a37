import type { Cipher } from '../cipher/cipher.ts';
import { parseJson, stringAt } from '../lib/json.ts';
import { decodeText } from '../lib/text.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import type { HttpResponse } from '../transport/http.ts';

/** The content of a response, not yet classified. */
export interface DecodedResponse {
  /** The body, decrypted if it was encrypted. */
  readonly text: string;
  /** The parsed JSON of `text`; undefined if it is not JSON. */
  readonly json: unknown;
  /** `undecryptable`: the body contains a ciphertext that cannot be decrypted; `text` and `json` are its envelope. */
  readonly encryption: 'plain' | 'decrypted' | 'undecryptable';
}

/** Decodes a response body and, if the definition has `encryptedIn`, decrypts the actual response from it. */
export function decodeResponse(
  { response: { encryptedIn } }: PartnerDefinition,
  { headers, body }: Pick<HttpResponse, 'headers' | 'body'>,
  cipher: Cipher | undefined,
): DecodedResponse {
  const text = decodeText(body, headers['content-type']);
  const json = parseJson(text);
  const ciphertext = stringAt(json, encryptedIn);
  if (ciphertext === undefined || cipher === undefined) return { text, json, encryption: 'plain' };
  const iv = cipher.ivField === undefined ? undefined : stringAt(json, siblingPath(encryptedIn, cipher.ivField));
  try {
    const decrypted = cipher.decrypt(ciphertext, iv).replace(/^\ufeff/, '');
    return { text: decrypted, json: parseJson(decrypted), encryption: 'decrypted' };
  } catch {
    return { text, json, encryption: 'undecryptable' };
  }
}

function siblingPath(path: string | undefined, name: string): string {
  return [...(path ?? '').split('.').slice(0, -1), name].join('.');
}
