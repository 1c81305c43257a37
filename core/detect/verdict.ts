import { isUtf8 } from 'node:buffer';
import { removePadding } from '../cipher/padding.ts';
import type { Padding } from '../cipher/settings.ts';
import { parseJson } from '../lib/json.ts';

/** What a decrypted payload is: a JSON object or list, a query string, other text, or bytes that are not text. */
export type PayloadKind = 'json' | 'query' | 'text' | 'binary';

/** How plausible a decryption is. */
export interface Verdict {
  /** Higher is more certain. */
  readonly score: number;
  readonly reasons: readonly Reason[];
  readonly payload: PayloadKind;
  /** The paddings with which the message ends. */
  readonly paddings: readonly Padding[];
  /** Ends like JSON but does not parse, so its beginning is missing. */
  readonly isTail?: boolean;
}

/** Evidence for a decryption. */
export type Reason =
  | 'padding is right'
  | 'text is UTF-8'
  | 'payload is JSON'
  | 'payload is a query string'
  | 'known text was found'
  | 'whole known text'
  /** From the known plaintext, since the IV was not given. */
  | 'IV was computed';

/**
 * Assesses decrypted blocks. `from` is the offset of the readable ones, if the first requires an unknown IV.
 *
 * @returns Undefined if the decryption is wrong.
 */
export function judgeBlocks(blocks: Buffer, plaintext: string | undefined, from = 0): Verdict | undefined {
  const valid = pkcs7(blocks);
  // Valid PKCS#7 is hardly ever a coincidence, and some of its bytes are white space.
  return judgePadded(blocks, valid.length > 0 ? valid : plain(blocks), plaintext, from);
}

/** The units with which PKCS#7 padding is valid. */
function pkcs7(blocks: Buffer): readonly Padding[] {
  return ([16, 32] as const).filter((unit) => removePadding(blocks, unit) !== undefined);
}

/** The paddings that are no more than missing bytes. Without any of them, all blocks are full. */
function plain(blocks: Buffer): readonly Padding[] {
  const last = blocks.at(-1);
  return last === 0 ? ['zero'] : last === 0x20 ? ['space'] : ['zero', 'space', 'none'];
}

function judgePadded(
  blocks: Buffer,
  paddings: readonly Padding[],
  plaintext: string | undefined,
  from: number,
): Verdict | undefined {
  const isPkcs7 = typeof paddings[0] === 'number';
  const body =
    paddings[0] === undefined ? undefined : removePadding(blocks, isPkcs7 ? (paddings.at(-1) ?? 16) : paddings[0]);
  if (body === undefined) return undefined;
  const readable = body.subarray(Math.min(from, body.length));
  const removed = blocks.length - body.length;
  const reasons: Reason[] = removed > 0 ? ['padding is right'] : [];
  // Two or more valid padding bytes are hardly a coincidence; a single one occurs once in 256 attempts.
  let score = (removed > 1 ? 2 : removed) - (isPkcs7 ? 0 : 1);
  // After an unreadable first block, the text may start within a character.
  const isText = from > 0 || isUtf8(readable);
  const text = isText ? readable.toString() : '';
  if (plaintext !== undefined) {
    if (from > 0 ? !matchesTail(readable, plaintext, from) : !(isText && text.includes(plaintext))) return undefined;
    reasons.push(text === plaintext || from > 0 ? 'whole known text' : 'known text was found');
    score += 100;
  }
  if (!isText) {
    if (!isPkcs7) return undefined;
    // If all but the first block is text, the IV is wrong. One wrong key in 256 produces short padding.
    const isBinary = blocks.length - body.length > 3 && !(readable.length > 24 && isReadable(readable.subarray(16)));
    return isBinary ? { score, reasons, payload: 'binary', paddings } : undefined;
  }
  reasons.push('text is UTF-8');
  score += 2;
  const payload = from > 0 ? payloadKindOf(plaintext ?? '') : payloadKindOf(text);
  if (payload === 'json') reasons.push('payload is JSON');
  if (payload === 'query') reasons.push('payload is a query string');
  if (payload === 'json' || payload === 'query') score += 20;
  else if (plaintext === undefined ? !isPlainText(text) : hasControls(text.replace(plaintext, ''))) return undefined;
  return { score, reasons, payload, paddings, isTail: payload === 'text' && /[}\]]\s*$/.test(text) };
}

function matchesTail(tail: Buffer, plaintext: string, from: number): boolean {
  const bytes = Buffer.from(plaintext);
  return bytes.length >= from && tail.equals(bytes.subarray(from));
}

function payloadKindOf(text: string): PayloadKind {
  const json = parseJson(text);
  if (typeof json === 'object' && json !== null) return 'json';
  if (/^[\w.%+[\]-]+=[^\s&]*(?:&[\w.%+[\]-]+=[^\s&]*)*$/.test(text)) return 'query';
  return 'text';
}

/** Whether the last block of a message can be one: it ends with a padding or with text. Cheap, and hardly ever true by chance. */
export function isEnding(block: Buffer): boolean {
  const last = block.at(-1) ?? 0;
  if (last > 16 && last < 32) return block.every((byte) => byte === last);
  if (removePadding(block, 16) !== undefined) return true;
  const end = block.findLastIndex((byte) => byte !== 0) + 1;
  // The block may start within a character.
  const start = Math.max(
    0,
    block.findIndex((byte) => byte >> 6 !== 2),
  );
  const text = block.subarray(start, end);
  return start <= 3 && isUtf8(text) && text.every((byte) => byte >= 0x20 || byte === 9 || byte === 10 || byte === 13);
}

/** Whether a part of a message, which may start or end within a character, is text. */
export function isReadable(bytes: Buffer): boolean {
  // As a stream, so that an incomplete character at the end is not an error.
  const text = new TextDecoder().decode(bytes, { stream: true }).replace(/^\uFFFD{1,3}/, '');
  return !text.includes('\uFFFD') && isPlainText(text);
}

/** Whether the string looks like text, not like bytes that happen to be valid UTF-8. */
function isPlainText(text: string): boolean {
  return text.length >= 4 && !hasControls(text) && /\p{L}|\d/u.test(text);
}

/** Whether the string contains control characters or code points without a character, which random bytes soon do. */
function hasControls(text: string): boolean {
  // Format characters join emoji and begin files.
  return /[^\P{C}\p{Cf}\t\r\n]/u.test(text);
}
