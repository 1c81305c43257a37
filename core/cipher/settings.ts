/** How a string represents the bytes of a key or IV: as UTF-8 text, hex digits, or base64 (padding optional). */
export type TextFormat = 'utf8' | 'hex' | 'base64';

/** AES in CBC mode with a key of 16, 24 or 32 bytes. */
export type CipherAlgorithm = 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc';

/**
 * How the AES key is derived from `key`.
 *
 * - `none`: `key` is the AES key.
 * - `resize`: the AES key is `key`, cut off or padded with zero bytes to the length that the algorithm requires, as PHP's
 *   `openssl_encrypt` does.
 * - `sha256`, `md5`: the AES key is the beginning of the digest of `key`.
 * - `hash`: the AES key is the digest of `key`, or with `text` its digits in this form, cut off or padded like `resize`. PHP's
 *   `hash('sha256', $key)` is `{ hash: 'sha256', text: 'hex' }`.
 * - `evp`: OpenSSL's `EVP_BytesToKey` with one round, as `openssl enc -md` derives key and IV from a password.
 * - `pbkdf2`: RFC 8018, as `openssl enc -pbkdf2`. `salt` is not used with the IV rule `salted`, where each message has
 *   its own.
 */
export type KeyDerivation =
  | 'none'
  | 'resize'
  | 'sha256'
  | 'md5'
  | { readonly hash: 'md5' | 'sha1' | 'sha256' | 'sha512'; readonly text?: 'hex' | 'hex-upper' | 'base64' }
  | { readonly evp: 'md5' | 'sha256' }
  | {
      readonly pbkdf2: {
        /** 1 to 1,000,000. `openssl enc` uses 10,000. */
        readonly iterations: number;
        readonly digest: 'sha1' | 'sha256' | 'sha512';
        /** Default: empty. */
        readonly salt?: string;
        /** How `salt` is encoded. Default `utf8`. */
        readonly saltFormat?: TextFormat;
      };
    };

/** Where the 16-byte IV of each message comes from. There is no default: ask the partner. */
export type IvRule =
  /** The same for every message. `format` states how a string `value` is encoded; default `utf8`. */
  | { readonly from: 'fixed'; readonly value: string | Uint8Array; readonly format?: TextFormat }
  /** Random for each message, sent as the first 16 bytes of the ciphertext. */
  | { readonly from: 'prefix' }
  /** Random for each message, sent in the envelope's field `name` and encoded as `format`; default `hex`. */
  | { readonly from: 'field'; readonly name: string; readonly format?: CiphertextFormat }
  /** The first 16 bytes of the key; with AES-128 the whole key. */
  | { readonly from: 'key' }
  /** 16 zero bytes. */
  | { readonly from: 'zero' }
  /** Derived together with the key, without a salt (`openssl enc -nosalt`) or with the fixed one. */
  | { readonly from: 'derived' }
  /** Derived together with the key from the random salt that each message contains after the bytes `Salted__`. */
  | { readonly from: 'salted' };

/**
 * How a ciphertext is encoded as a string. Both hex formats are decoded in either letter case. `base64url` has `-` and `_`
 * instead of `+` and `/`, and is written without `=`; both base64 formats are decoded with and without it.
 */
export type CiphertextFormat = 'hex' | 'hex-upper' | 'base64' | 'base64url';

/**
 * What fills the last block of a plaintext.
 *
 * - 16, 32: PKCS#7, to a multiple of this many bytes.
 * - `zero`, `space`: zero bytes or blanks, as many as the last block lacks. A plaintext cannot end with them.
 * - `none`: nothing. A plaintext must have a multiple of 16 bytes.
 */
export type Padding = 16 | 32 | 'zero' | 'space' | 'none';

/** How a partner encrypts: AES-CBC. */
export interface CipherSettings {
  /** Default `aes-256-cbc`. */
  readonly algorithm?: CipherAlgorithm;
  /**
   * The key, or the secret that the key is derived from. Without a `derivation` it must have exactly the length that
   * the algorithm requires: 32 bytes for `aes-256-cbc`, once a string is decoded as `keyFormat`.
   */
  readonly key: string | Uint8Array;
  /** How a string `key` is encoded; ignored for a `Uint8Array`. Default `utf8`. */
  readonly keyFormat?: TextFormat;
  /** Default `none`. */
  readonly derivation?: KeyDerivation;
  readonly iv: IvRule;
  /** Default 16. */
  readonly padding?: Padding;
  /**
   * Default `hex` (lower case). A list of up to three formats is applied in its order: `['base64', 'base64']` is the base64
   * of base64.
   */
  readonly output?: CiphertextFormat | readonly CiphertextFormat[];
  /**
   * Ignores white space in what is decrypted, such as line breaks in base64, and in hex also `:` and `-`. Nothing of it is
   * written. Default false: such a ciphertext is refused.
   */
  readonly ignoreSeparators?: boolean;
  /** A string before each ciphertext, such as `@`. Default: none. */
  readonly ciphertextPrefix?: string;
}

/** Cipher settings that may be stored in plain configuration: without the key and a fixed IV. */
export type CipherSettingsWithoutSecrets = Omit<CipherSettings, 'key' | 'iv'> & {
  readonly iv: { readonly from: 'fixed'; readonly format?: TextFormat } | Exclude<IvRule, { readonly from: 'fixed' }>;
};

export const textFormats: readonly TextFormat[] = ['utf8', 'hex', 'base64'];
export const ciphertextFormats: readonly CiphertextFormat[] = ['hex', 'hex-upper', 'base64', 'base64url'];
export const paddings: readonly Padding[] = [16, 32, 'zero', 'space', 'none'];
export const keyLengths: Readonly<Record<CipherAlgorithm, number>> = {
  'aes-128-cbc': 16,
  'aes-192-cbc': 24,
  'aes-256-cbc': 32,
};
