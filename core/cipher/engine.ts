/**
 * AES-CBC over whole blocks. Padding, text forms and IV rules live outside, so that every engine gives the same bytes.
 * Both calls may overwrite and return the buffer they are given.
 */
export interface CbcEngine {
  encrypt(blocks: Buffer, iv: Uint8Array): Buffer;
  decrypt(blocks: Buffer, iv: Uint8Array): Buffer;
  /** Pads to 16 bytes and encrypts without a padded copy in between, where the engine can. */
  encryptPadding?(plaintext: string | Uint8Array, iv: Uint8Array): readonly Buffer[];
}

export type CreateCbcEngine = (key: Uint8Array) => CbcEngine;
