import type { CbcEngine } from './engine.ts';
import { loadForgeAes } from './load-forge.cjs';

let aes: ReturnType<typeof loadForgeAes> | undefined;

function readWord(bytes: Uint8Array, at: number): number {
  // The casts drop `undefined`: callers pass whole blocks, and a check here would run in the innermost loop.
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

function writeWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/**
 * AES-CBC by node-forge's block function. The chaining is done here on bytes: forge's own buffers are strings, which
 * make its CBC mode several times slower.
 */
export function forgeEngine(key: Uint8Array): CbcEngine {
  aes ??= loadForgeAes();
  const { _expandKey, _updateBlock } = aes;
  const words = Array.from({ length: key.length / 4 }, (_, index) => readWord(key, index * 4));
  const encryption = _expandKey(words, false);
  const decryption = _expandKey(words, true);
  const input = [0, 0, 0, 0];
  const output = [0, 0, 0, 0];
  return {
    encrypt(blocks, iv) {
      let [a, b, c, d] = [readWord(iv, 0), readWord(iv, 4), readWord(iv, 8), readWord(iv, 12)];
      for (let at = 0; at < blocks.length; at += 16) {
        input[0] = a ^ readWord(blocks, at);
        input[1] = b ^ readWord(blocks, at + 4);
        input[2] = c ^ readWord(blocks, at + 8);
        input[3] = d ^ readWord(blocks, at + 12);
        _updateBlock(encryption, input, output, false);
        [a, b, c, d] = output as [number, number, number, number];
        writeWord(blocks, at, a);
        writeWord(blocks, at + 4, b);
        writeWord(blocks, at + 8, c);
        writeWord(blocks, at + 12, d);
      }
      return blocks;
    },
    decrypt(blocks, iv) {
      let [a, b, c, d] = [readWord(iv, 0), readWord(iv, 4), readWord(iv, 8), readWord(iv, 12)];
      for (let at = 0; at < blocks.length; at += 16) {
        const e = (input[0] = readWord(blocks, at));
        const f = (input[1] = readWord(blocks, at + 4));
        const g = (input[2] = readWord(blocks, at + 8));
        const h = (input[3] = readWord(blocks, at + 12));
        _updateBlock(decryption, input, output, true);
        writeWord(blocks, at, a ^ (output[0] as number));
        writeWord(blocks, at + 4, b ^ (output[1] as number));
        writeWord(blocks, at + 8, c ^ (output[2] as number));
        writeWord(blocks, at + 12, d ^ (output[3] as number));
        a = e;
        b = f;
        c = g;
        d = h;
      }
      return blocks;
    },
  };
}
