export type TextFormat = 'utf8' | 'hex' | 'base64';
export type CiphertextFormat = 'hex' | 'hex-upper' | 'base64' | 'base64url';

/**
 * How the sandbox's TCONNECT payloads are encrypted: AES-256-CBC with PKCS#7, with no defaults. The published pages specify neither the
 * format of the key nor the source of the IV, so both are the sandbox's own choice. Assignable to the library's cipher settings.
 */
export interface SandboxCipher {
  /** 32 bytes once decoded. */
  readonly key: string;
  /** How `key` is encoded. */
  readonly keyFormat: TextFormat;
  /** `fixed`: one IV of 16 bytes for all messages; `prefix`: random, before the ciphertext; `key`: the first 16 bytes of the key. */
  readonly iv:
    | {
        /** One for all messages. */
        readonly from: 'fixed';
        /** 16 bytes once decoded. */
        readonly value: string;
        /** How `value` is encoded. */
        readonly format: TextFormat;
      }
    | {
        /** Random, before the ciphertext, or the first 16 bytes of the key. */
        readonly from: 'prefix' | 'key';
      };
  /** How ciphertexts are encoded. */
  readonly output: CiphertextFormat;
}

/** AES in CBC mode. */
export type Algorithm = 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc';

/**
 * `resize` cuts the key off or pads it with zero bytes, as PHP does. `hash` does the same to a digest, or to its digits as text.
 * `evp` is OpenSSL's `EVP_BytesToKey` with one iteration. `pbkdf2.salt` is for IV rules other than `salted`.
 */
export type Derivation =
  | 'none'
  | 'resize'
  | 'sha256'
  | 'md5'
  | {
      /** The digest of the key. */
      readonly hash: 'md5' | 'sha1' | 'sha256' | 'sha512';
      /** Its digits in this form are the AES key. Default: its bytes. */
      readonly text?: 'hex' | 'hex-upper' | 'base64';
    }
  | {
      /** The digest of `EVP_BytesToKey`. */
      readonly evp: 'md5' | 'sha256';
    }
  | {
      /** The parameters of PBKDF2. */
      readonly pbkdf2: {
        /** From 1. */
        readonly iterations: number;
        /** The digest of its HMAC. */
        readonly digest: 'sha1' | 'sha256' | 'sha512';
        /** Default: empty. */
        readonly salt?: string;
        /** Default `utf8`. */
        readonly saltFormat?: TextFormat;
      };
    };

/** `prefix` and `field` are random for each message; `derived` and `salted` are derived together with the key. */
export type IvSource =
  | {
      /** One for all messages. */
      readonly from: 'fixed';
      /** 16 bytes once decoded. */
      readonly value: string | Uint8Array;
      /** How `value` is encoded. Default `utf8`. */
      readonly format?: TextFormat;
    }
  | {
      /** Random for each message, in a field of the envelope. */
      readonly from: 'field';
      /** The field, next to the ciphertext. */
      readonly name: string;
      /** How it is encoded. Default `hex`. */
      readonly format?: CiphertextFormat;
    }
  | {
      /** Random, as the first 16 bytes of the ciphertext. */
      readonly from: 'prefix';
    }
  | {
      /** The first 16 bytes of the key. */
      readonly from: 'key';
    }
  | {
      /** 16 zero bytes. */
      readonly from: 'zero';
    }
  | {
      /** Derived together with the key. */
      readonly from: 'derived';
    }
  | {
      /** Derived together with the key from a salt in each message. */
      readonly from: 'salted';
    };

/**
 * How the payloads of a partner served from a definition are encrypted: AES-CBC. Assignable to the library's cipher
 * settings, but declared separately so that the sandbox shares no code with the client.
 */
export interface SandboxCipherSettings {
  /** Default `aes-256-cbc`. */
  readonly algorithm?: Algorithm;
  /** The key, or the secret that it is derived from. */
  readonly key: string | Uint8Array;
  /** Default `utf8`. */
  readonly keyFormat?: TextFormat;
  /** Default `none`. */
  readonly derivation?: Derivation;
  /** Where the IV of each message comes from. */
  readonly iv: IvSource;
  /** PKCS#7 block size in bytes, or what fills the last block. Default 16. */
  readonly padding?: 16 | 32 | 'zero' | 'space' | 'none';
  /** Default `hex`. Hex is read in either case. A list is applied in its order. */
  readonly output?: CiphertextFormat | readonly CiphertextFormat[];
  /** Ignores white space in received ciphertexts, and in hex `:` and `-`. Default false. */
  readonly ignoreSeparators?: boolean;
  /** A string before each ciphertext. Default: none. */
  readonly ciphertextPrefix?: string;
}
