import type { CipherCandidate } from './cipher-candidate.ts';
import type { Mismatch } from './mismatch.ts';

/** All advice that `detectCipher` may give. */
export const hints = {
  secondIv:
    'Look at the IV of a second message: the same one means a fixed IV, a different one means that the IV has its own field.',
  anotherKey: 'This IV fits several rules: a message with another key would show which.',
  otherLength:
    'A message that is shorter or longer by 16 bytes would show whether payloads are padded to 16 or to 32 bytes.',
  hexLetter:
    'A ciphertext with a letter in it would show whether its hex is upper or lower case; decryption accepts both.',
  longerMessage: 'A longer message, or one whose plaintext you know, would show how the key is written.',
  firstBlock:
    'The first block may be the IV, or text encrypted with an IV that was not tried: compare the beginning of the plaintext, or give a part of it.',
  wholeBlocks:
    'This message has no padding: it fills its blocks, or its end is missing. A message of another length would show how those are padded.',
  otherText:
    'Some known settings decrypt this message, but your plaintext is not in it. Leave it out to see those settings: JSON, for example, is often written with other blanks, or with escapes such as "\\/" and "\\u00e1".',
  cleanKey:
    'Settings fit once the key is cleaned. Give it without white space, quotes, separators, or a prefix such as "base64:" or "0x", and base64 with "+" and "/" instead of "-" and "_".',
  ivOfPart:
    'The key fits, but none of the tried IVs match. Give the whole plaintext, from its first character, or the IV itself.',
  ivUnknown: 'The key fits, but none of the tried IVs match. Give the IV, or the whole plaintext of this message.',
  ecb: 'The key fits, but the mode is ECB, which is not supported because it shows which blocks are equal. Ask the partner for CBC.',
  mac: 'The key fits, but the message also contains a MAC, as the example in the manual of PHP writes it (IV, MAC, ciphertext). Verify it and cut it out: only IV and ciphertext can be decrypted here.',
  otherPadding:
    'The key fits, but the message ends with an unknown padding, such as ANSI X9.23, ISO 10126 or ISO 7816-4, or its end is missing. Supported are PKCS#7, zero bytes and blanks: ask the partner.',
  nothingFits:
    'No known cipher settings fit. Check with the partner: likely are the key of another environment or merchant, a key that is derived in another way (such as PBKDF2 or HMAC with a salt), or another mode than CBC (such as GCM or CTR).',
  shortMessage: 'This message is short: one of 48 bytes or more would be clearer.',
} as const;

/** One sentence or two of advice. */
export type Hint = (typeof hints)[keyof typeof hints];

/** What would distinguish these candidates. `isCut`: the best one skips the first block, which may be text too. */
export function hintsFor(candidates: readonly CipherCandidate[], isCut: boolean): readonly Hint[] {
  const [first, ...others] = candidates;
  const differ = (part: (candidate: CipherCandidate) => unknown): boolean =>
    first !== undefined && others.some((other) => JSON.stringify(part(other)) !== JSON.stringify(part(first)));
  const found: Hint[] = [];
  const rules = new Set(candidates.map(({ settings }) => settings.iv.from));
  if (rules.has('fixed') && rules.has('field')) found.push(hints.secondIv);
  else if (differ(({ settings }) => settings.iv)) found.push(hints.anotherKey);
  if (candidates.some(({ settings }) => settings.padding === 'none')) found.push(hints.wholeBlocks);
  else if (differ(({ settings }) => settings.padding)) found.push(hints.otherLength);
  if (differ(({ settings }) => settings.output)) found.push(hints.hexLetter);
  if (differ(({ settings: { algorithm, keyFormat, derivation } }) => [algorithm, keyFormat, derivation]))
    found.push(hints.longerMessage);
  if (isCut) found.push(hints.firstBlock);
  return found;
}

/** What is known about a message that no settings decrypt. */
export interface FailedDetection {
  readonly hasPlaintext: boolean;
  /** Some settings decrypt it, but not to the given plaintext. */
  readonly hasOtherPlaintext: boolean;
  /** Some settings decrypt it with the key as it should have been copied. */
  readonly hasOtherKey: boolean;
  /** What is wrong although the key fits, if it does. */
  readonly mismatch: Mismatch | undefined;
  readonly isShort: boolean;
}

/** What is to check when no settings decrypt the message. */
export function hintsWithoutCandidate(failure: FailedDetection): readonly Hint[] {
  const { hasPlaintext, hasOtherPlaintext, hasOtherKey, mismatch, isShort } = failure;
  if (hasOtherPlaintext) return [hints.otherText];
  if (hasOtherKey) return [hints.cleanKey];
  if (mismatch === 'iv') return [hasPlaintext ? hints.ivOfPart : hints.ivUnknown];
  if (mismatch !== undefined) return [hints[mismatch]];
  return isShort ? [hints.nothingFits, hints.shortMessage] : [hints.nothingFits];
}
