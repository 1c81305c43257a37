/** How a key or an IV is written down: the bytes of the text itself, hex digits, or base64 (padding optional). */
export type TextFormat = 'utf8' | 'hex' | 'base64';

export type CipherAlgorithm = 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc';

/**
 * How the AES key comes out of what the partner handed over.
 *
 * - `none`: it is the key.
 * - `sha256`, `md5`: the start of its digest.
 * - `evp`: OpenSSL's `EVP_BytesToKey` with one round, as `openssl enc -md` derives key and IV from a password.
 * - `pbkdf2`: RFC 8018, as `openssl enc -pbkdf2`; `salt` is for IV rules other than `salted`, which has one in each message.
 */
export type KeyDerivation =
  | 'none'
  | 'sha256'
  | 'md5'
  | { readonly evp: 'md5' | 'sha256' }
  | {
      readonly pbkdf2: {
        /** 1 to 1,000,000. `openssl enc` has 10,000. */
        readonly iterations: number;
        readonly digest: 'sha1' | 'sha256' | 'sha512';
        readonly salt?: string;
        /** How `salt` is written. Default `utf8`. */
        readonly saltFormat?: TextFormat;
      };
    };

/** Where the 16 IV bytes of each message come from. There is no default: ask the partner. */
export type IvRule =
  /** The same bytes for every message. `format` tells how a text `value` is written; default `utf8`. */
  | { readonly from: 'fixed'; readonly value: string | Uint8Array; readonly format?: TextFormat }
  /** Random for each message, sent as the first 16 bytes of the ciphertext. */
  | { readonly from: 'prefix' }
  /** Random for each message, sent in the envelope's field `name`, written as `format`; default `hex`. */
  | { readonly from: 'field'; readonly name: string; readonly format?: 'hex' | 'hex-upper' | 'base64' }
  /** The first 16 bytes of the key; with AES-128 the key itself. */
  | { readonly from: 'key' }
  /** 16 zero bytes. */
  | { readonly from: 'zero' }
  /** Derived together with the key, from the password alone (`openssl enc -nosalt`) or with the fixed salt. */
  | { readonly from: 'derived' }
  /** Derived together with the key from a random salt that each message starts with, after the text `Salted__`. */
  | { readonly from: 'salted' };

/** The text form of a ciphertext. Both hex forms are read in either letter case. */
export type CiphertextFormat = 'hex' | 'hex-upper' | 'base64';

/** AES-CBC with PKCS#7 padding over UTF-8 text, as a partner hands it over. */
export interface CipherSettings {
  /** Default `aes-256-cbc`. */
  readonly algorithm?: CipherAlgorithm;
  /** Exactly as long as the algorithm wants once decoded by `keyFormat` (32 bytes), unless something is derived from it. */
  readonly key: string | Uint8Array;
  /** How a text `key` is written; not used for bytes. Default `utf8`. */
  readonly keyFormat?: TextFormat;
  /** Default `none`. */
  readonly derivation?: KeyDerivation;
  readonly iv: IvRule;
  /** Bytes to which the plaintext is padded with PKCS#7. Default 16; some partners pad to 32. */
  readonly padding?: 16 | 32;
  /** Default `hex` (lower case). */
  readonly output?: CiphertextFormat;
  /** Text before each ciphertext, such as `@`. Default: none. */
  readonly ciphertextPrefix?: string;
}

/** What of the cipher settings may stand where anybody can read it. */
export type CipherSettingsWithoutSecrets = Omit<CipherSettings, 'key' | 'iv'> & {
  readonly iv: { readonly from: 'fixed'; readonly format?: TextFormat } | Exclude<IvRule, { readonly from: 'fixed' }>;
};

export const textFormats: readonly TextFormat[] = ['utf8', 'hex', 'base64'];
export const ciphertextFormats: readonly CiphertextFormat[] = ['hex', 'hex-upper', 'base64'];
export const keyLengths: Readonly<Record<CipherAlgorithm, number>> = {
  'aes-128-cbc': 16,
  'aes-192-cbc': 24,
  'aes-256-cbc': 32,
};
