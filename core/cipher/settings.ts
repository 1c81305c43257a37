/** How a key or an IV is written down: the bytes of the text itself, hex digits, or base64 (padding optional). */
export type TextFormat = 'utf8' | 'hex' | 'base64';

/** Where the 16 IV bytes of each message come from. There is no default: ask the partner. */
export type IvRule =
  /** The same bytes for every message. `format` tells how a text `value` is written; default `utf8`. */
  | { readonly from: 'fixed'; readonly value: string | Uint8Array; readonly format?: TextFormat }
  /** Random for each message, sent as the first 16 bytes of the ciphertext. */
  | { readonly from: 'prefix' }
  /** The first 16 bytes of the key. */
  | { readonly from: 'key' };

/** The text form of a ciphertext. Both hex forms are read in either letter case. */
export type CiphertextFormat = 'hex' | 'hex-upper' | 'base64';

/** AES-256-CBC with PKCS#7 padding over UTF-8 text, as a partner hands it over. */
export interface CipherSettings {
  /** Exactly 32 bytes once decoded by `keyFormat`. */
  readonly key: string | Uint8Array;
  /** How a text `key` is written; not used for bytes. Default `utf8`. */
  readonly keyFormat?: TextFormat;
  readonly iv: IvRule;
  /** Default `hex` (lower case). */
  readonly output?: CiphertextFormat;
}

export const textFormats: readonly TextFormat[] = ['utf8', 'hex', 'base64'];
export const ciphertextFormats: readonly CiphertextFormat[] = ['hex', 'hex-upper', 'base64'];
