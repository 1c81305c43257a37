import { nativeEngine } from '../cipher/native-engine.ts';
import { removePadding } from '../cipher/padding.ts';
import type { IvRule } from '../cipher/settings.ts';
import type { KeyAndIv } from '../cipher/derive.ts';
import type { CipherCandidate } from './cipher-candidate.ts';
import { hintsFor, hintsWithoutCandidate, type Hint } from './hints.ts';
import { ivInterpretations, keyInterpretations, wellKnownIvs, type KeyInterpretation } from './search-space.ts';
import { readSample, type CipherSample, type DecodedCiphertext } from './sample.ts';
import { isReadable, judgeBlocks, type Verdict } from './verdict.ts';

/** The result of `detectCipher()`. */
export interface CipherDetection {
  /** `found`: one candidate is clearly the best; `ambiguous`: the sample does not decide; `none`: no settings fit. */
  readonly verdict: 'found' | 'ambiguous' | 'none';
  /** Best first, at most 20. */
  readonly candidates: readonly CipherCandidate[];
  /** Which further sample or information would decide, or what to check if no settings fit. Absent with `found`. */
  readonly advice?: string;
  /** The sentences of `advice`, for translation. */
  readonly hints: readonly Hint[];
}

/**
 * Finds the cipher settings that decrypt a message by trying all combinations of encodings, key derivations, IV rules,
 * algorithms and paddings. Sends nothing and stores nothing. Works best with a known plaintext: from one of at least
 * two blocks, even an unknown fixed IV is computed.
 *
 * @throws PartnerAuthError `configuration` for an invalid sample; `setting` names the field.
 * @throws TypeError for an unknown field.
 */
export function detectCipher(sample: CipherSample): CipherDetection {
  const decodings = readSample(sample);
  const candidates = deduplicate(findCandidates(sample, decodings)).slice(0, 20);
  const best = candidates[0];
  if (best === undefined) return withHints('none', candidates, explainFailure(sample, decodings));
  // A smaller difference in score does not decide.
  const contenders = candidates.filter(({ score }) => score > best.score - 0.5);
  const isCut = sample.plaintext === undefined && best.settings.iv.from === 'prefix' && best.payload !== 'json';
  if (contenders.length === 1 && !isCut) return { verdict: 'found', candidates, hints: [] };
  return withHints('ambiguous', candidates, hintsFor(contenders, isCut));
}

function withHints(
  verdict: CipherDetection['verdict'],
  candidates: readonly CipherCandidate[],
  hints: readonly Hint[],
): CipherDetection {
  return { verdict, candidates, advice: hints.join(' '), hints };
}

/** Best first. */
function findCandidates(sample: CipherSample, decodings: readonly DecodedCiphertext[]): CipherCandidate[] {
  const interpretations = keyInterpretations(sample.key);
  return decodings
    .flatMap((decoded) =>
      interpretations.flatMap((interpretation) => tryInterpretation(interpretation, decoded, sample)),
    )
    .sort((a, b) => b.score - a.score);
}

function explainFailure(sample: CipherSample, decodings: readonly DecodedCiphertext[]): readonly Hint[] {
  const { plaintext, ...rest } = sample;
  const hasPlaintext = plaintext !== undefined;
  const others = hasPlaintext ? findCandidates(rest, decodings) : [];
  return hintsWithoutCandidate({
    hasPlaintext,
    hasOtherPlaintext: others.some(({ payload }) => payload !== 'binary'),
    hasMatchingKey: isOnlyIvUnknown(sample, decodings),
    isShort: decodings.every(({ bytes }) => bytes.length < 48),
  });
}

function tryInterpretation(
  interpretation: KeyInterpretation,
  decoded: DecodedCiphertext,
  sample: CipherSample,
): CipherCandidate[] {
  const { bytes } = decoded;
  const { derivation } = interpretation.settings;
  const isStretched = typeof derivation === 'object';
  if (isStretched && bytes.length >= 32 && bytes.subarray(0, 8).toString('latin1') === 'Salted__') {
    const keyAndIv = interpretation.derive(bytes.subarray(8, 16));
    return tryIv(interpretation, decoded, sample, keyAndIv, keyAndIv.iv, { from: 'salted' }, 16);
  }
  // Without a salt, OpenSSL's EVP derivation is the only one in use; PBKDF2 would take long and find nothing.
  if (isStretched && 'pbkdf2' in derivation) return [];
  const keyAndIv = interpretation.derive();
  const results: CipherCandidate[] = [];
  if (keyAndIv.iv !== undefined)
    results.push(...tryIv(interpretation, decoded, sample, keyAndIv, keyAndIv.iv, { from: 'derived' }));
  if (isStretched) return results;

  const attempts: [Uint8Array, IvRule][] = [
    [keyAndIv.key.subarray(0, 16), { from: 'key' }],
    [Buffer.alloc(16), { from: 'zero' }],
    ...wellKnownIvs.map((rule): [Uint8Array, IvRule] => [Buffer.from(String(rule.value), rule.format), rule]),
  ];
  for (const { bytes: iv, format } of ivInterpretations(sample.iv)) {
    const value = sample.iv ?? iv;
    if (sample.ivField === undefined)
      attempts.push([iv, { from: 'fixed', value, ...(format !== undefined && format !== 'utf8' && { format }) }]);
    const name = sample.ivField ?? 'iv';
    if (format === 'base64') attempts.push([iv, { from: 'field', name, format }]);
    if (format === 'hex') {
      attempts.push([
        iv,
        { from: 'field', name, ...(/[A-F]/.test(String(value)) && { format: 'hex-upper' as const }) },
      ]);
    }
  }
  for (const [iv, rule] of attempts) results.push(...tryIv(interpretation, decoded, sample, keyAndIv, iv, rule));
  if (bytes.length >= 32)
    results.push(...tryIv(interpretation, decoded, sample, keyAndIv, bytes.subarray(0, 16), { from: 'prefix' }, 16));
  if (results.length === 0) results.push(...computeIv(interpretation, decoded, sample, keyAndIv));
  return results;
}

/** Computes the IV from the first block: all others can be decrypted without it, and the plaintext is known. */
function computeIv(
  interpretation: KeyInterpretation,
  decoded: DecodedCiphertext,
  sample: CipherSample,
  keyAndIv: KeyAndIv,
): CipherCandidate[] {
  const { plaintext } = sample;
  if (plaintext === undefined || decoded.bytes.length < 32) return [];
  const blocks = nativeEngine(keyAndIv.key).decrypt(Buffer.from(decoded.bytes), Buffer.alloc(16));
  const verdict = judgeBlocks(blocks, plaintext, 16);
  if (verdict === undefined) return [];
  const plainBytes = Buffer.from(plaintext);
  const iv = Buffer.from(blocks.subarray(0, 16).map((byte, index) => byte ^ (plainBytes[index] ?? 0)));
  // A rule that determines the IV ranks higher.
  const computed = { ...verdict, score: verdict.score - 2, reasons: [...verdict.reasons, 'IV was computed' as const] };
  // Random bytes are hardly ever all printable, so a printable IV was chosen by a person.
  const text = iv.toString('latin1');
  if (/^[\x20-\x7e]{16}$/.test(text))
    return toCandidates(interpretation, decoded, { from: 'fixed', value: text }, computed);
  return [
    ...toCandidates(interpretation, decoded, { from: 'fixed', value: iv.toString('hex'), format: 'hex' }, computed),
    ...toCandidates(interpretation, decoded, { from: 'field', name: 'iv' }, computed),
  ];
}

/** Whether all blocks except the first decrypt to text, so that only the IV is unknown. */
function isOnlyIvUnknown(sample: CipherSample, decodings: readonly DecodedCiphertext[]): boolean {
  const interpretations = keyInterpretations(sample.key);
  return decodings.some(({ bytes }) =>
    interpretations.some(({ settings, derive }) => {
      if (typeof settings.derivation === 'object' || bytes.length < 48) return false;
      const blocks = nativeEngine(derive().key).decrypt(Buffer.from(bytes), Buffer.alloc(16));
      const tail = removePadding(blocks, 16)?.subarray(16) ?? removePadding(blocks, 32)?.subarray(16);
      return tail !== undefined && tail.length > 8 && isReadable(tail);
    }),
  );
}

function tryIv(
  interpretation: KeyInterpretation,
  decoded: DecodedCiphertext,
  { plaintext }: CipherSample,
  { key }: KeyAndIv,
  iv: Uint8Array | undefined,
  rule: IvRule,
  skip = 0,
): CipherCandidate[] {
  const body = decoded.bytes.subarray(skip);
  if (iv === undefined || body.length === 0 || body.length % 16 !== 0) return [];
  const engine = nativeEngine(key);
  // The last block alone shows whether the padding can be valid, which rules out most combinations cheaply.
  const previous = body.length >= 32 ? body.subarray(-32, -16) : iv;
  const last = engine.decrypt(Buffer.from(body.subarray(-16)), previous);
  const padding = last.at(-1) ?? 0;
  if (padding < 1 || padding > 32 || (padding <= 16 && removePadding(last, 16) === undefined)) return [];
  const verdict = judgeBlocks(engine.decrypt(Buffer.from(body), iv), plaintext);
  if (verdict === undefined) return [];
  // With the first block skipped as an IV, any message decrypts to its own tail.
  if (skip > 0 && verdict.isTail === true && !verdict.reasons.includes('whole known text')) return [];
  // Without skipping, the IV also has to decrypt the first block, which is further evidence.
  const score = verdict.score + (skip === 0 && verdict.payload !== 'binary' ? 1 : 0);
  return toCandidates(interpretation, decoded, rule, { ...verdict, score });
}

function toCandidates(
  interpretation: KeyInterpretation,
  { prefix, outputs }: DecodedCiphertext,
  iv: IvRule,
  { score, reasons, payload, paddings }: Verdict,
): CipherCandidate[] {
  return outputs.flatMap((output) =>
    paddings.map((padding) => ({
      settings: {
        ...interpretation.settings,
        iv,
        ...(padding === 32 && { padding }),
        ...(output !== 'hex' && { output }),
        ...(prefix !== '' && { ciphertextPrefix: prefix }),
      },
      payload,
      reasons,
      score: score - interpretation.penalty,
    })),
  );
}

/** Removes settings that were found twice, or that differ only in how the bytes of a fixed IV are encoded. */
function deduplicate(list: readonly CipherCandidate[]): CipherCandidate[] {
  const seen = new Set<string>();
  return list.filter(({ settings: { iv, ...rest } }) => {
    const fixed = iv.from === 'fixed' && typeof iv.value === 'string' ? Buffer.from(iv.value, iv.format) : undefined;
    const key = JSON.stringify([fixed?.toString('hex') ?? iv, rest]);
    return seen.has(key) ? false : Boolean(seen.add(key));
  });
}
