export type TextFormat = 'utf8' | 'hex' | 'base64';
export type CiphertextFormat = 'hex' | 'hex-upper' | 'base64' | 'base64url';

/**
 * How the sandbox's TCONNECT payloads are encrypted: AES-256-CBC with PKCS#7, with no defaults. The published pages specify neither the
 * format of the key nor the source of the IV, so both are the sandbox's own choice. Assignable to the library's cipher settings.
 */
export interface SandboxCipher {
  /** 32 bytes once decoded. */
  readonly key: string;
  readonly keyFormat: TextFormat;
  /** `fixed`: one IV of 16 bytes for all messages; `prefix`: random, before the ciphertext; `key`: the first 16 bytes of the key. */
  readonly iv:
    | { readonly from: 'fixed'; readonly value: string; readonly format: TextFormat }
    | { readonly from: 'prefix' | 'key' };
  readonly output: CiphertextFormat;
}

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
  | { readonly hash: 'md5' | 'sha1' | 'sha256' | 'sha512'; readonly text?: 'hex' | 'hex-upper' | 'base64' }
  | { readonly evp: 'md5' | 'sha256' }
  | {
      readonly pbkdf2: {
        readonly iterations: number;
        readonly digest: 'sha1' | 'sha256' | 'sha512';
        readonly salt?: string;
        /** Default `utf8`. */
        readonly saltFormat?: TextFormat;
      };
    };

/** `prefix` and `field` are random for each message; `derived` and `salted` are derived together with the key. */
export type IvSource =
  /** Default format `utf8`. */
  | { readonly from: 'fixed'; readonly value: string | Uint8Array; readonly format?: TextFormat }
  /** Default format `hex`. */
  | { readonly from: 'field'; readonly name: string; readonly format?: CiphertextFormat }
  | { readonly from: 'prefix' }
  | { readonly from: 'key' }
  | { readonly from: 'zero' }
  | { readonly from: 'derived' }
  | { readonly from: 'salted' };

/**
 * How the payloads of a partner served from a definition are encrypted: AES-CBC. Assignable to the library's cipher
 * settings, but declared separately so that the sandbox shares no code with the client.
 */
export interface SandboxCipherSettings {
  /** Default `aes-256-cbc`. */
  readonly algorithm?: Algorithm;
  readonly key: string | Uint8Array;
  /** Default `utf8`. */
  readonly keyFormat?: TextFormat;
  /** Default `none`. */
  readonly derivation?: Derivation;
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
