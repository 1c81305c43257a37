import type { Cipher } from '../cipher/cipher.ts';
import { parseJson, stringAt, valueAt } from '../lib/json.ts';
import type { PartnerDefinition } from '../partners/definition.ts';

/** The content of a response, not yet classified. */
export interface DecodedResponse {
  /** The parsed JSON, decrypted if it was encrypted; undefined if the body is not JSON. */
  readonly json: unknown;
  /** The body contains a ciphertext that cannot be decrypted; `json` is then the envelope. */
  readonly undecryptable: boolean;
}

/** Parses a response body and, if the definition has `encryptedIn`, decrypts the actual response from it. */
export function decodeResponse(
  { response: { encryptedIn } }: PartnerDefinition,
  body: string,
  cipher: Cipher | undefined,
): DecodedResponse {
  const envelope = parseJson(body);
  const ciphertext = encryptedIn === undefined ? undefined : valueAt(envelope, encryptedIn);
  if (typeof ciphertext !== 'string' || cipher === undefined) return { json: envelope, undecryptable: false };
  const iv = cipher.ivField === undefined ? undefined : stringAt(envelope, siblingPath(encryptedIn, cipher.ivField));
  try {
    return { json: parseJson(cipher.decrypt(ciphertext, iv)), undecryptable: false };
  } catch {
    return { json: envelope, undecryptable: true };
  }
}

function siblingPath(path: string | undefined, name: string): string {
  return [...(path ?? '').split('.').slice(0, -1), name].join('.');
}
