import type { CbcEngine } from '../cipher/engine.ts';
import { removePadding } from '../cipher/padding.ts';
import { isEnding, isReadable, judgeBlocks } from './verdict.ts';

/** What can be wrong with a message whose key fits. */
export type Mismatch = 'ecb' | 'iv' | 'mac' | 'otherPadding';

/** Lengths in bytes of MD5, SHA-256 and SHA-512; that of SHA-1 would leave no whole blocks. */
const macLengths = [32, 16, 64];
/** In bytes: enough of a message to see that it is text. */
const tailLength = 1024;

/** Why no settings decrypt a message of whole blocks; undefined if the key does not fit either. */
export function findMismatch(bytes: Buffer, engine: CbcEngine): Mismatch | undefined {
  const decrypt = (start: number, end: number, iv?: Uint8Array): Buffer =>
    engine.decrypt(Buffer.from(bytes.subarray(start, end)), iv ?? bytes.subarray(start - 16, start));
  // One block is cheap, and rules out nearly every wrong key.
  const endsAt = (end: number): boolean => end >= 32 && isEnding(decrypt(end - 16, end));
  const { length } = bytes;
  const iv = bytes.subarray(0, 16);

  const zeros = Buffer.alloc(16);
  if (isEnding(decrypt(length - 16, length, zeros)) && isMessage(withoutChaining(bytes, decrypt(0, length, zeros)))) {
    return 'ecb';
  }
  const endsWithMessage = endsAt(length);
  const hasMac = macLengths.some((mac) => {
    if (length < 32 + mac) return false;
    if (endsWithMessage) return isMessage(decrypt(16 + mac, length, iv));
    return endsAt(length - mac) && isMessage(decrypt(16, length - mac, iv));
  });
  if (hasMac) return 'mac';
  if (length < 48) return undefined;
  if (!endsAt(length))
    return isTail(decrypt(Math.max(16, length - tailLength), length - 16)) ? 'otherPadding' : undefined;
  const tail = decrypt(Math.max(16, length - tailLength), length);
  return isTail(removePadding(tail, 32) ?? removePadding(tail, 16) ?? removePadding(tail, 'zero')) ? 'iv' : undefined;
}

const isTail = (bytes: Buffer | undefined): boolean => bytes !== undefined && bytes.length > 8 && isReadable(bytes);

// Without padding, the beginning of any message would be one.
function isMessage(blocks: Buffer): boolean {
  const verdict = judgeBlocks(blocks, undefined);
  return verdict !== undefined && verdict.payload !== 'binary' && verdict.reasons.includes('padding is right');
}

/** What was decrypted as CBC with an IV of zeros, as ECB decrypts it. */
function withoutChaining(ciphertext: Buffer, decrypted: Buffer): Buffer {
  for (let at = 16; at < decrypted.length; at++) decrypted[at] = (decrypted[at] ?? 0) ^ (ciphertext[at - 16] ?? 0);
  return decrypted;
}
