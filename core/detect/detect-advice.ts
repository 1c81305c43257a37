import type { CipherCandidate } from './detect-cipher.ts';

/** What would tell these candidates apart; `isCut` when all of them leave out the first block, and it may be text too. */
export function adviceFor(rivals: readonly CipherCandidate[], isCut: boolean): string {
  const [first, ...others] = rivals;
  const differ = (part: (candidate: CipherCandidate) => unknown): boolean =>
    first !== undefined && others.some((other) => JSON.stringify(part(other)) !== JSON.stringify(part(first)));
  const advice: string[] = [];
  const rules = new Set(rivals.map(({ settings }) => settings.iv.from));
  if (rules.has('fixed') && rules.has('field')) {
    advice.push(
      'Look at the IV of a second message: the same again means a fixed IV, another one means a field of its own.',
    );
  } else if (differ(({ settings }) => settings.iv)) {
    advice.push('This IV fits several rules: a message under another key would decide.');
  }
  if (differ(({ settings }) => settings.padding)) {
    advice.push(
      'A message that is shorter or longer by 16 bytes would decide whether the padding goes to 16 or to 32 bytes.',
    );
  }
  if (differ(({ settings }) => settings.output)) {
    advice.push(
      'A ciphertext with a letter in it would decide whether its hex is upper or lower case; readers take both.',
    );
  }
  if (differ(({ settings: { algorithm, keyFormat, derivation } }) => [algorithm, keyFormat, derivation])) {
    advice.push('A longer message, or one whose plain text you know, would decide how the key is read.');
  }
  if (isCut) {
    advice.push(
      'The first block may be the IV, or text under an IV that was not tried: compare the beginning of the plain text, or give a part of it.',
    );
  }
  return advice.join(' ');
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
export function adviceWithoutCandidate({ knowsText, readsOtherwise, keyFits, isShort }: Misfit): string {
  if (readsOtherwise) {
    return 'Settings were found under which this message reads well, but your plain text is not in it. Check it character by character, or leave it out to see those settings.';
  }
  if (keyFits) {
    return knowsText
      ? 'The key fits, the IV is none that was tried. Give the whole plain text, from its first character, or the IV itself.'
      : 'The key fits, the IV is none that was tried. Give the IV, or the whole plain text of this message.';
  }
  const shorter = isShort ? ' This message is short: one of 48 bytes and more tells more.' : '';
  return `Nothing in the family fits. Check that key and ciphertext belong together and are complete, and that the ciphertext is the field alone, not its envelope.${shorter}`;
}
