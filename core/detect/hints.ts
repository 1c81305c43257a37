import type { CipherCandidate } from './cipher-candidate.ts';

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
  otherText:
    'Some known settings decrypt this message, but your plaintext is not in it. Check it character by character, or leave it out to see those settings.',
  ivOfPart:
    'The key fits, but none of the tried IVs match. Give the whole plaintext, from its first character, or the IV itself.',
  ivUnknown: 'The key fits, but none of the tried IVs match. Give the IV, or the whole plaintext of this message.',
  nothingFits:
    'No known cipher settings fit. Check that key and ciphertext belong together and are complete, and that the ciphertext is the field alone, not its envelope.',
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
  if (differ(({ settings }) => settings.padding)) found.push(hints.otherLength);
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
  /** All blocks except the first are readable, so that only the IV is unknown. */
  readonly hasMatchingKey: boolean;
  readonly isShort: boolean;
}

/** What to check when no settings decrypt the message. */
export function hintsWithoutCandidate({
  hasPlaintext,
  hasOtherPlaintext,
  hasMatchingKey,
  isShort,
}: FailedDetection): readonly Hint[] {
  if (hasOtherPlaintext) return [hints.otherText];
  if (hasMatchingKey) return [hasPlaintext ? hints.ivOfPart : hints.ivUnknown];
  return isShort ? [hints.nothingFits, hints.shortMessage] : [hints.nothingFits];
}
