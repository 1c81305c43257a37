import type { CipherCandidate } from './cipher-candidate.ts';

/** Whatever `detectCipher` may advise. */
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

export type Hint = (typeof hints)[keyof typeof hints];

/** What would tell these candidates apart; `isCut` when all of them leave out the first block, and it may be text too. */
export function hintsFor(rivals: readonly CipherCandidate[], isCut: boolean): readonly Hint[] {
  const [first, ...others] = rivals;
  const differ = (part: (candidate: CipherCandidate) => unknown): boolean =>
    first !== undefined && others.some((other) => JSON.stringify(part(other)) !== JSON.stringify(part(first)));
  const found: Hint[] = [];
  const rules = new Set(rivals.map(({ settings }) => settings.iv.from));
  if (rules.has('fixed') && rules.has('field')) found.push(hints.secondIv);
  else if (differ(({ settings }) => settings.iv)) found.push(hints.anotherKey);
  if (differ(({ settings }) => settings.padding)) found.push(hints.otherLength);
  if (differ(({ settings }) => settings.output)) found.push(hints.hexLetter);
  if (differ(({ settings: { algorithm, keyFormat, derivation } }) => [algorithm, keyFormat, derivation]))
    found.push(hints.longerMessage);
  if (isCut) found.push(hints.firstBlock);
  return found;
}

/** What is known of a message that nothing fits. */
export interface Misfit {
  readonly knowsText: boolean;
  /** It reads well, but not as the text that was given. */
  readonly readsOtherwise: boolean;
  /** All but its first block reads as text. */
  readonly keyFits: boolean;
  readonly isShort: boolean;
}

/** What to look at when nothing fits. */
export function hintsWithoutCandidate({ knowsText, readsOtherwise, keyFits, isShort }: Misfit): readonly Hint[] {
  if (readsOtherwise) return [hints.otherText];
  if (keyFits) return [knowsText ? hints.ivOfPart : hints.ivUnknown];
  return isShort ? [hints.nothingFits, hints.shortMessage] : [hints.nothingFits];
}
