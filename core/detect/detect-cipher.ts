import { derivesIv } from '../cipher/derive.ts';
import type { CbcEngine } from '../cipher/engine.ts';
import { nativeEngine } from '../cipher/native-engine.ts';
import type { IvRule, TextFormat } from '../cipher/settings.ts';
import type { CipherCandidate } from './cipher-candidate.ts';
import type { DecodedCiphertext } from './decode-ciphertext.ts';
import { hints, hintsFor, hintsWithoutCandidate, type Hint } from './hints.ts';
import { findMismatch, type Mismatch } from './mismatch.ts';
import {
  cleanedKey,
  fixedIv,
  ivInterpretations,
  ivsOf,
  keyInterpretations,
  wellKnownIvs,
  type KeyInterpretation,
} from './search-space.ts';
import { readSample, type CipherSample } from './sample.ts';
import { isEnding, judgeBlocks, type PayloadKind, type Verdict } from './verdict.ts';

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
  if (best === undefined) {
    const { plaintext } = sample;
    // A line break is easily copied with a text, and hardly ever encrypted with it.
    const trimmed = plaintext?.trim();
    if (trimmed !== undefined && trimmed !== '' && trimmed !== plaintext)
      return detectCipher({ ...sample, plaintext: trimmed });
    return withHints('none', candidates, explainFailure(sample, decodings));
  }
  if (best.payload === 'binary') {
    // Bytes are hardly ever sent, and padding at the end is all that shows them.
    const mismatch = findAnyMismatch(sample.key, decodings);
    if (mismatch === 'ecb' || mismatch === 'mac') return withHints('none', [], [hints[mismatch]]);
  }
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
  const key = cleanedKey(sample.key);
  return hintsWithoutCandidate({
    hasPlaintext,
    hasOtherPlaintext: others.some(({ payload }) => payload !== 'binary'),
    hasOtherKey: key !== undefined && findCandidates({ ...sample, key }, decodings).length > 0,
    mismatch: findAnyMismatch(sample.key, decodings),
    isShort: decodings.every(({ bytes }) => bytes.length < 48),
  });
}

function findAnyMismatch(key: CipherSample['key'], decodings: readonly DecodedCiphertext[]): Mismatch | undefined {
  const interpretations = keyInterpretations(key).filter(({ settings }) => !derivesIv(settings.derivation ?? 'none'));
  for (const { derive } of interpretations) {
    const engine = nativeEngine(derive().key);
    for (const { bytes } of decodings) {
      const mismatch = findMismatch(bytes, engine);
      if (mismatch !== undefined) return mismatch;
    }
  }
  return undefined;
}

function tryInterpretation(
  interpretation: KeyInterpretation,
  decoded: DecodedCiphertext,
  sample: CipherSample,
): CipherCandidate[] {
  const { bytes } = decoded;
  const { derivation = 'none' } = interpretation.settings;
  const isStretched = derivesIv(derivation);
  if (isStretched && bytes.length >= 32 && bytes.subarray(0, 8).toString('latin1') === 'Salted__') {
    const { key, iv } = interpretation.derive(bytes.subarray(8, 16));
    const attempt = { interpretation, decoded, engine: nativeEngine(key) };
    return tryIv(attempt, sample, iv, { from: 'salted' }, 16);
  }
  // Without a salt, OpenSSL's EVP derivation is the only one in use; PBKDF2 would take long and find nothing.
  if (isStretched && 'pbkdf2' in derivation) return [];
  const keyAndIv = interpretation.derive();
  const attempt = { interpretation, decoded, engine: nativeEngine(keyAndIv.key) };
  // The last of several blocks does not depend on the IV, and rules out nearly every wrong key.
  if (bytes.length >= 32 && !isEnding(lastBlock(attempt.engine, bytes, bytes.subarray(0, 16)))) return [];
  const results: CipherCandidate[] = [];
  if (keyAndIv.iv !== undefined) results.push(...tryIv(attempt, sample, keyAndIv.iv, { from: 'derived' }));
  if (isStretched) return results;

  const attempts: [Uint8Array, IvRule][] = [
    [keyAndIv.key.subarray(0, 16), { from: 'key' }],
    [Buffer.alloc(16), { from: 'zero' }],
    ...wellKnownIvs.map((rule): [Uint8Array, IvRule] => [Buffer.from(String(rule.value), rule.format), rule]),
  ];
  for (const { bytes: iv, format } of ivInterpretations(sample.iv)) {
    const value = sample.iv ?? iv;
    if (sample.ivField === undefined && format !== 'base64url') {
      attempts.push([
        iv,
        { from: 'fixed', value, ...(format !== undefined && format !== 'utf8' && { format: format as TextFormat }) },
      ]);
    }
    const name = sample.ivField ?? 'iv';
    if (format === 'base64' || format === 'base64url') attempts.push([iv, { from: 'field', name, format }]);
    if (format === 'hex') {
      attempts.push([
        iv,
        { from: 'field', name, ...(/[A-F]/.test(String(value)) && { format: 'hex-upper' as const }) },
      ]);
    }
  }
  for (const [iv, rule] of attempts) results.push(...tryIv(attempt, sample, iv, rule));
  results.push(...tryGuessedIvs(attempt, sample, attempts));
  if (bytes.length >= 32) results.push(...tryIv(attempt, sample, bytes.subarray(0, 16), { from: 'prefix' }, 16));
  if (results.length === 0) results.push(...computeIv(attempt, sample));
  return results;
}

/**
 * Tries the IVs that programs make of a secret. A wrong one that consists of digits, too, leaves the first block printable, so that
 * text alone is no evidence.
 */
function tryGuessedIvs(
  attempt: Attempt,
  sample: CipherSample,
  tried: readonly (readonly [Uint8Array, IvRule])[],
): CipherCandidate[] {
  const guess = (secret: string | Uint8Array, payloads: readonly PayloadKind[]): CipherCandidate[] =>
    ivsOf(secret)
      .map((rule) => [Buffer.from(String(rule.value), rule.format), rule] as const)
      .filter(([iv]) => !tried.some(([other]) => iv.equals(other)))
      .flatMap(([iv, rule]) => tryIv(attempt, sample, iv, rule))
      .filter(({ payload }) => payloads.includes(payload));
  const isKnown = sample.plaintext !== undefined;
  return [
    ...(sample.iv === undefined || sample.ivField !== undefined ? [] : guess(sample.iv, ['json', 'query', 'text'])),
    ...guess(sample.key, isKnown ? ['json', 'query', 'text'] : ['json']),
  ];
}

/** A key and a ciphertext to decrypt with it. */
interface Attempt {
  readonly interpretation: KeyInterpretation;
  readonly decoded: DecodedCiphertext;
  readonly engine: CbcEngine;
}

/** Computes the IV from the first block: all others can be decrypted without it, and the plaintext is known. */
function computeIv({ interpretation, decoded, engine }: Attempt, { plaintext }: CipherSample): CipherCandidate[] {
  if (plaintext === undefined || decoded.bytes.length < 32) return [];
  const blocks = engine.decrypt(Buffer.from(decoded.bytes), Buffer.alloc(16));
  const verdict = judgeBlocks(blocks, plaintext, 16);
  if (verdict === undefined) return [];
  const plainBytes = Buffer.from(plaintext);
  const iv = Buffer.from(blocks.subarray(0, 16).map((byte, index) => byte ^ (plainBytes[index] ?? 0)));
  // A rule that determines the IV ranks higher.
  const computed = { ...verdict, score: verdict.score - 2, reasons: [...verdict.reasons, 'IV was computed' as const] };
  const rule = fixedIv(iv);
  if (rule.format === undefined) return toCandidates(interpretation, decoded, rule, computed);
  return [
    ...toCandidates(interpretation, decoded, rule, computed),
    ...toCandidates(interpretation, decoded, { from: 'field', name: 'iv' }, computed),
  ];
}

function lastBlock(engine: CbcEngine, body: Buffer, iv: Uint8Array): Buffer {
  return engine.decrypt(Buffer.from(body.subarray(-16)), body.length >= 32 ? body.subarray(-32, -16) : iv);
}

function tryIv(
  { interpretation, decoded, engine }: Attempt,
  { plaintext }: CipherSample,
  iv: Uint8Array | undefined,
  rule: IvRule,
  skip = 0,
): CipherCandidate[] {
  const body = decoded.bytes.subarray(skip);
  if (iv === undefined || body.length === 0 || body.length % 16 !== 0) return [];
  if (!isEnding(lastBlock(engine, body, iv))) return [];
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
  { prefix, outputs, ignoreSeparators }: DecodedCiphertext,
  iv: IvRule,
  { score, reasons, payload, paddings }: Verdict,
): CipherCandidate[] {
  return outputs.flatMap((output) =>
    paddings.map((padding) => ({
      settings: {
        ...interpretation.settings,
        iv,
        ...(padding !== 16 && { padding }),
        ...(output !== 'hex' && { output }),
        ...(ignoreSeparators && { ignoreSeparators }),
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
