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
  | {
      /** The digest of `key` that is the AES key. */
      readonly hash: 'md5' | 'sha1' | 'sha256' | 'sha512';
      /** The AES key is the digits of the digest in this form. Default: its bytes. */
      readonly text?: 'hex' | 'hex-upper' | 'base64';
    }
  | {
      /** The digest of `EVP_BytesToKey`: `md5` up to OpenSSL 1.0, `sha256` since 1.1. */
      readonly evp: 'md5' | 'sha256';
    }
  | {
      /** The parameters of PBKDF2. */
      readonly pbkdf2: {
        /** 1 to 1,000,000. `openssl enc` uses 10,000. */
        readonly iterations: number;
        /** The digest of its HMAC. `openssl enc` uses `sha256`. */
        readonly digest: 'sha1' | 'sha256' | 'sha512';
        /** Default: empty. */
        readonly salt?: string;
        /** How `salt` is encoded. Default `utf8`. */
        readonly saltFormat?: TextFormat;
      };
    };

/** Where the 16-byte IV of each message comes from. There is no default: ask the partner. */
export type IvRule =
  | {
      /** The same for every message. */
      readonly from: 'fixed';
      /** 16 bytes once decoded. */
      readonly value: string | Uint8Array;
      /** How a string `value` is encoded. Default `utf8`. */
      readonly format?: TextFormat;
    }
  | {
      /** Random for each message, sent as the first 16 bytes of the ciphertext. */
      readonly from: 'prefix';
    }
  | {
      /** Random for each message, sent in a field of the envelope. */
      readonly from: 'field';
      /** The field of the envelope, next to the ciphertext. */
      readonly name: string;
      /** How the IV is encoded in its field. Default `hex`. */
      readonly format?: CiphertextFormat;
    }
  | {
      /** The first 16 bytes of the key; with AES-128 the whole key. */
      readonly from: 'key';
    }
  | {
      /** 16 zero bytes. */
      readonly from: 'zero';
    }
  | {
      /** Derived together with the key, without a salt (`openssl enc -nosalt`) or with the fixed one. */
      readonly from: 'derived';
    }
  | {
      /** Derived together with the key from the random salt that each message contains after the bytes `Salted__`. */
      readonly from: 'salted';
    };

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
  /** Where the IV of each message comes from. */
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
  /** As in `CipherSettings`; a fixed one without its `value`. */
  readonly iv:
    | {
        /** The same for every message; its value is kept with the key. */
        readonly from: 'fixed';
        /** How a string value is encoded. Default `utf8`. */
        readonly format?: TextFormat;
      }
    | Exclude<IvRule, { readonly from: 'fixed' }>;
};

export const textFormats: readonly TextFormat[] = ['utf8', 'hex', 'base64'];
export const ciphertextFormats: readonly CiphertextFormat[] = ['hex', 'hex-upper', 'base64', 'base64url'];
export const paddings: readonly Padding[] = [16, 32, 'zero', 'space', 'none'];
export const keyLengths: Readonly<Record<CipherAlgorithm, number>> = {
  'aes-128-cbc': 16,
  'aes-192-cbc': 24,
  'aes-256-cbc': 32,
};
