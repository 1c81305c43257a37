import { nativeEngine } from '../cipher/native-engine.ts';
import { unpadded } from '../cipher/padding.ts';
import type { IvRule } from '../cipher/settings.ts';
import type { Material } from '../cipher/derive.ts';
import type { CipherCandidate } from './cipher-candidate.ts';
import { hintsFor, hintsWithoutCandidate, type Hint } from './detect-advice.ts';
import { ivReadings, keyWays, publishedIvs, type KeyWay } from './family.ts';
import { readSample, type CipherSample, type Reading } from './sample.ts';
import { isReadable, judgeBlocks, type Verdict } from './verdict.ts';

export interface CipherDetection {
  readonly verdict: 'found' | 'ambiguous' | 'none';
  /** Best first. */
  readonly candidates: readonly CipherCandidate[];
  /** What further sample or question to the partner would decide, or what to check when nothing fits. */
  readonly advice?: string;
  /** The same in parts, to be translated. */
  readonly hints: readonly Hint[];
}

/**
 * Finds the cipher settings that explain a message, by trying the whole family on it: text forms, key forms and derivations,
 * IV rules, algorithms and paddings. Sends nothing and keeps nothing. Best with a known pair: with a plain text of two blocks
 * or more even a fixed IV that nobody knows is found.
 *
 * @throws PartnerAuthError `configuration` for a sample that can not be tried.
 */
export function detectCipher(sample: CipherSample): CipherDetection {
  const readings = readSample(sample);
  const candidates = distinct(candidatesFor(sample, readings)).slice(0, 20);
  const best = candidates[0];
  if (best === undefined) return advised('none', candidates, whyNone(sample, readings));
  // Half a point is what separates a common spelling of the same thing from a rare one.
  const rivals = candidates.filter(({ score }) => score > best.score - 0.5);
  const isCut = sample.plaintext === undefined && best.settings.iv.from === 'prefix' && best.payload !== 'json';
  if (rivals.length === 1 && !isCut) return { verdict: 'found', candidates, hints: [] };
  return advised('ambiguous', candidates, hintsFor(rivals, isCut));
}

function advised(
  verdict: CipherDetection['verdict'],
  candidates: readonly CipherCandidate[],
  hints: readonly Hint[],
): CipherDetection {
  return { verdict, candidates, advice: hints.join(' '), hints };
}

/** Best first. */
function candidatesFor(sample: CipherSample, readings: readonly Reading[]): CipherCandidate[] {
  const ways = keyWays(sample.key);
  return readings
    .flatMap((reading) => ways.flatMap((way) => tryWay(way, reading, sample)))
    .sort((a, b) => b.score - a.score);
}

function whyNone(sample: CipherSample, readings: readonly Reading[]): readonly Hint[] {
  const { plaintext, ...rest } = sample;
  const knowsText = plaintext !== undefined;
  const otherwise = knowsText ? candidatesFor(rest, readings) : [];
  return hintsWithoutCandidate({
    knowsText,
    readsOtherwise: otherwise.some(({ payload }) => payload !== 'binary'),
    keyFits: keyFitsAlone(sample, readings),
    isShort: readings.every(({ bytes }) => bytes.length < 48),
  });
}

function tryWay(way: KeyWay, reading: Reading, sample: CipherSample): CipherCandidate[] {
  const { bytes } = reading;
  const { derivation } = way.settings;
  const stretches = typeof derivation === 'object';
  if (stretches && bytes.length >= 32 && bytes.subarray(0, 8).toString('latin1') === 'Salted__') {
    const material = way.derive(bytes.subarray(8, 16));
    return judged(way, reading, sample, material, material.iv, { from: 'salted' }, 16);
  }
  // A password is stretched without a salt by OpenSSL only; trying the slow ways on everything finds nothing more.
  if (stretches && 'pbkdf2' in derivation) return [];
  const material = way.derive();
  const results: CipherCandidate[] = [];
  if (material.iv !== undefined)
    results.push(...judged(way, reading, sample, material, material.iv, { from: 'derived' }));
  if (stretches) return results;

  const tries: [Uint8Array, IvRule][] = [
    [material.key.subarray(0, 16), { from: 'key' }],
    [Buffer.alloc(16), { from: 'zero' }],
    ...publishedIvs.map((rule): [Uint8Array, IvRule] => [Buffer.from(String(rule.value), rule.format), rule]),
  ];
  for (const { bytes: iv, format } of ivReadings(sample.iv)) {
    const value = sample.iv ?? iv;
    if (sample.ivField === undefined)
      tries.push([iv, { from: 'fixed', value, ...(format !== undefined && format !== 'utf8' && { format }) }]);
    const name = sample.ivField ?? 'iv';
    if (format === 'base64') tries.push([iv, { from: 'field', name, format }]);
    if (format === 'hex') {
      tries.push([iv, { from: 'field', name, ...(/[A-F]/.test(String(value)) && { format: 'hex-upper' as const }) }]);
    }
  }
  for (const [iv, rule] of tries) results.push(...judged(way, reading, sample, material, iv, rule));
  if (bytes.length >= 32)
    results.push(...judged(way, reading, sample, material, bytes.subarray(0, 16), { from: 'prefix' }, 16));
  if (results.length === 0) results.push(...withUnknownIv(way, reading, sample, material));
  return results;
}

/** Every block but the first can be read without the IV; with the plain text known, the first one gives the IV away. */
function withUnknownIv(way: KeyWay, reading: Reading, sample: CipherSample, material: Material): CipherCandidate[] {
  const { plaintext } = sample;
  if (plaintext === undefined || reading.bytes.length < 32) return [];
  const blocks = nativeEngine(material.key).decrypt(Buffer.from(reading.bytes), Buffer.alloc(16));
  const verdict = judgeBlocks(blocks, plaintext, 16);
  if (verdict === undefined) return [];
  const known = Buffer.from(plaintext);
  const iv = Buffer.from(blocks.subarray(0, 16).map((byte, index) => byte ^ (known[index] ?? 0)));
  // A rule that explains the IV as well is the better one.
  const computed = { ...verdict, score: verdict.score - 2, reasons: [...verdict.reasons, 'IV was computed' as const] };
  // Sixteen random bytes are hardly ever all printable: this one was written down by a person.
  const text = iv.toString('latin1');
  if (/^[\x20-\x7e]{16}$/.test(text)) return candidates(way, reading, { from: 'fixed', value: text }, computed);
  return [
    ...candidates(way, reading, { from: 'fixed', value: iv.toString('hex'), format: 'hex' }, computed),
    ...candidates(way, reading, { from: 'field', name: 'iv' }, computed),
  ];
}

/** Whether the message but for its first block reads as text, so that only the IV is wrong. */
function keyFitsAlone(sample: CipherSample, readings: readonly Reading[]): boolean {
  const ways = keyWays(sample.key);
  return readings.some(({ bytes }) =>
    ways.some(({ settings, derive }) => {
      if (typeof settings.derivation === 'object' || bytes.length < 48) return false;
      const blocks = nativeEngine(derive().key).decrypt(Buffer.from(bytes), Buffer.alloc(16));
      const tail = unpadded(blocks, 16)?.subarray(16) ?? unpadded(blocks, 32)?.subarray(16);
      return tail !== undefined && tail.length > 8 && isReadable(tail);
    }),
  );
}

function judged(
  way: KeyWay,
  reading: Reading,
  { plaintext }: CipherSample,
  { key }: Material,
  iv: Uint8Array | undefined,
  rule: IvRule,
  skip = 0,
): CipherCandidate[] {
  const body = reading.bytes.subarray(skip);
  if (iv === undefined || body.length === 0 || body.length % 16 !== 0) return [];
  const engine = nativeEngine(key);
  // The last block tells whether the padding can be right; most ways end here, whatever the length of the message.
  const before = body.length >= 32 ? body.subarray(-32, -16) : iv;
  const last = engine.decrypt(Buffer.from(body.subarray(-16)), before);
  const padding = last.at(-1) ?? 0;
  if (padding < 1 || padding > 32 || (padding <= 16 && unpadded(last, 16) === undefined)) return [];
  const verdict = judgeBlocks(engine.decrypt(Buffer.from(body), iv), plaintext);
  if (verdict === undefined) return [];
  // Without its first block, as the rule of an IV in front has it, any message reads as the tail of itself.
  if (skip > 0 && verdict.isTail === true && !verdict.reasons.includes('whole known text')) return [];
  // Any IV but one in front has to explain the first block too, which is evidence when it does.
  const score = verdict.score + (skip === 0 && verdict.payload !== 'binary' ? 1 : 0);
  return candidates(way, reading, rule, { ...verdict, score });
}

function candidates(
  way: KeyWay,
  { prefix, outputs }: Reading,
  iv: IvRule,
  { score, reasons, payload, paddings }: Verdict,
): CipherCandidate[] {
  return outputs.flatMap((output) =>
    paddings.map((padding) => ({
      settings: {
        ...way.settings,
        iv,
        ...(padding === 32 && { padding }),
        ...(output !== 'hex' && { output }),
        ...(prefix !== '' && { ciphertextPrefix: prefix }),
      },
      payload,
      reasons,
      score: score - way.rarity,
    })),
  );
}

/** The same settings found on two ways, or with an IV of the same bytes, are one candidate. */
function distinct(list: readonly CipherCandidate[]): CipherCandidate[] {
  const seen = new Set<string>();
  return list.filter(({ settings: { iv, ...rest } }) => {
    const fixed = iv.from === 'fixed' && typeof iv.value === 'string' ? Buffer.from(iv.value, iv.format) : undefined;
    const key = JSON.stringify([fixed?.toString('hex') ?? iv, rest]);
    return seen.has(key) ? false : Boolean(seen.add(key));
  });
}
