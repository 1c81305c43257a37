import type { CbcEngine } from './engine.ts';
import { loadForgeAes } from './load-forge.ts';

let aes: ReturnType<typeof loadForgeAes> | undefined;

function word(bytes: Uint8Array, at: number): number {
  // The casts drop `undefined`: callers pass whole blocks, and a check here would sit in the innermost loop.
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

function put(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/**
 * AES-CBC by node-forge's block function, with chaining done here on bytes: forge's own buffers are strings, which
 * makes its CBC mode several times slower.
 */
export function forgeEngine(key: Uint8Array): CbcEngine {
  aes ??= loadForgeAes();
  const { _expandKey, _updateBlock } = aes;
  const words = Array.from({ length: key.length / 4 }, (_, index) => word(key, index * 4));
  const encryption = _expandKey(words, false);
  const decryption = _expandKey(words, true);
  const input = [0, 0, 0, 0];
  const output = [0, 0, 0, 0];
  return {
    encrypt(blocks, iv) {
      let [a, b, c, d] = [word(iv, 0), word(iv, 4), word(iv, 8), word(iv, 12)];
      for (let at = 0; at < blocks.length; at += 16) {
        input[0] = a ^ word(blocks, at);
        input[1] = b ^ word(blocks, at + 4);
        input[2] = c ^ word(blocks, at + 8);
        input[3] = d ^ word(blocks, at + 12);
        _updateBlock(encryption, input, output, false);
        [a, b, c, d] = output as [number, number, number, number];
        put(blocks, at, a);
        put(blocks, at + 4, b);
        put(blocks, at + 8, c);
        put(blocks, at + 12, d);
      }
      return blocks;
    },
    decrypt(blocks, iv) {
      let [a, b, c, d] = [word(iv, 0), word(iv, 4), word(iv, 8), word(iv, 12)];
      for (let at = 0; at < blocks.length; at += 16) {
        const e = (input[0] = word(blocks, at));
        const f = (input[1] = word(blocks, at + 4));
        const g = (input[2] = word(blocks, at + 8));
        const h = (input[3] = word(blocks, at + 12));
        _updateBlock(decryption, input, output, true);
        put(blocks, at, a ^ (output[0] as number));
        put(blocks, at + 4, b ^ (output[1] as number));
        put(blocks, at + 8, c ^ (output[2] as number));
        put(blocks, at + 12, d ^ (output[3] as number));
        a = e;
        b = f;
        c = g;
        d = h;
      }
      return blocks;
    },
  };
}
