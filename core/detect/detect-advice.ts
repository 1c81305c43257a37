import type { CipherCandidate } from './detect-cipher.ts';

/** Whatever `detectCipher` may advise. */
export const hints = {
  secondIv:
    'Look at the IV of a second message: the same again means a fixed IV, another one means a field of its own.',
  anotherKey: 'This IV fits several rules: a message under another key would decide.',
  otherLength:
    'A message that is shorter or longer by 16 bytes would decide whether the padding goes to 16 or to 32 bytes.',
  hexLetter: 'A ciphertext with a letter in it would decide whether its hex is upper or lower case; readers take both.',
  longerMessage: 'A longer message, or one whose plain text you know, would decide how the key is read.',
  firstBlock:
    'The first block may be the IV, or text under an IV that was not tried: compare the beginning of the plain text, or give a part of it.',
  otherText:
    'Settings were found under which this message reads well, but your plain text is not in it. Check it character by character, or leave it out to see those settings.',
  ivOfPart:
    'The key fits, the IV is none that was tried. Give the whole plain text, from its first character, or the IV itself.',
  ivUnknown: 'The key fits, the IV is none that was tried. Give the IV, or the whole plain text of this message.',
  nothingFits:
    'Nothing in the family fits. Check that key and ciphertext belong together and are complete, and that the ciphertext is the field alone, not its envelope.',
  shortMessage: 'This message is short: one of 48 bytes and more tells more.',
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
