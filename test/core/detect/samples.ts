import { detectCipher, type CipherCandidate, type CipherSample, type CipherSettings } from '../../../core/index.ts';
import type { FamilyMessage, FamilyRow } from '../cipher/family-vectors.ts';

type Settings = Omit<CipherSettings, 'key'>;

/** The sample that a developer has of one message of a row. */
export function sampleOf({ key }: Pick<FamilyRow, 'key'>, { ciphertext, plaintext, iv }: FamilyMessage): CipherSample {
  return { key, ciphertext, plaintext, ...(iv !== undefined && { iv }) };
}

/** The settings as one string, ignoring a fixed IV's format and the name of an IV field, which no message reveals. */
export function canonicalize({ iv, ...rest }: Settings): string {
  const { algorithm = 'aes-256-cbc', keyFormat = 'utf8', derivation = 'none', padding = 16, output = 'hex' } = rest;
  const rule =
    iv.from === 'fixed'
      ? { from: 'fixed', bytes: Buffer.from(iv.value as string, iv.format ?? 'utf8').toString('hex') }
      : iv.from === 'field'
        ? { from: 'field', format: iv.format ?? 'hex' }
        : iv;
  return JSON.stringify({
    algorithm,
    keyFormat,
    derivation,
    padding,
    output,
    ciphertextPrefix: rest.ciphertextPrefix ?? '',
    ignoreSeparators: rest.ignoreSeparators ?? false,
    rule,
  });
}

/** The candidates that the sample does not rank below the best one. */
export function bestCandidates(sample: CipherSample): readonly CipherCandidate[] {
  const { candidates } = detectCipher(sample);
  const score = candidates[0]?.score ?? 0;
  return candidates.filter((candidate) => candidate.score > score - 0.5);
}

export function bestSettings(sample: CipherSample): readonly string[] {
  return bestCandidates(sample).map(({ settings }) => canonicalize(settings));
}
