/**
 * AES-CBC over whole blocks. Padding, encoding and IV rules are applied outside, so that every engine produces the same
 * bytes. Both methods may overwrite and return the given buffer.
 */
export interface CbcEngine {
  encrypt(blocks: Buffer, iv: Uint8Array): Buffer;
  decrypt(blocks: Buffer, iv: Uint8Array): Buffer;
}

export type CreateCbcEngine = (key: Uint8Array) => CbcEngine;
