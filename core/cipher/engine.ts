/**
 * AES-CBC over whole blocks. Padding, text forms and IV rules live outside, so that every engine gives the same bytes.
 * Both calls may overwrite and return the buffer they are given.
 */
export interface CbcEngine {
  encrypt(blocks: Buffer, iv: Uint8Array): Buffer;
  decrypt(blocks: Buffer, iv: Uint8Array): Buffer;
}

export type CreateCbcEngine = (key: Uint8Array) => CbcEngine;
