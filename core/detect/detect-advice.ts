import type { CipherCandidate } from './detect-cipher.ts';

/** What would tell these candidates apart, or what to look at when there is none. */
export function adviceFor(rivals: readonly CipherCandidate[], keyFits: boolean, knowsText: boolean): string {
  const [first, ...others] = rivals;
  if (first === undefined) return withoutCandidate(keyFits, knowsText);
  const differ = (part: (candidate: CipherCandidate) => unknown): boolean =>
    others.some((other) => JSON.stringify(part(other)) !== JSON.stringify(part(first)));
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
  return advice.join(' ');
}

function withoutCandidate(keyFits: boolean, knowsText: boolean): string {
  if (keyFits) {
    return knowsText
      ? 'The key fits, the IV is none that was tried. Give the whole plain text, from its first character, or the IV itself.'
      : 'The key fits, the IV is none that was tried. Give the IV, or the whole plain text of this message.';
  }
  return 'Nothing in the family fits. Check that key and ciphertext belong together and are complete, and that the ciphertext is the field alone, not its envelope.';
}
