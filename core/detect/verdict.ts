import { isUtf8 } from 'node:buffer';
import { removePadding } from '../cipher/padding.ts';
import { parseJson } from '../lib/json.ts';

/** What a decrypted payload is: a JSON object or list, a query string, other text, or bytes that are not text. */
export type PayloadKind = 'json' | 'query' | 'text' | 'binary';

/** How plausible a decryption is. */
export interface Verdict {
  /** Higher is more certain. */
  readonly score: number;
  readonly reasons: readonly Reason[];
  readonly payload: PayloadKind;
  /** The padding units, in bytes, with which the padding is valid. */
  readonly paddings: readonly (16 | 32)[];
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
  const paddings = ([16, 32] as const).filter((unit) => removePadding(blocks, unit) !== undefined);
  const body = paddings[0] === undefined ? undefined : removePadding(blocks, paddings.at(-1) ?? 16);
  if (body === undefined) return undefined;
  const readable = body.subarray(Math.min(from, body.length));
  const reasons: Reason[] = ['padding is right'];
  // Two or more valid padding bytes are hardly a coincidence; a single one occurs once in 256 attempts.
  let score = blocks.length - body.length > 1 ? 2 : 1;
  // After an unreadable first block, the text may start within a character.
  const isText = from > 0 || isUtf8(readable);
  const text = isText ? readable.toString() : '';
  if (plaintext !== undefined) {
    if (from > 0 ? !matchesTail(readable, plaintext, from) : !(isText && text.includes(plaintext))) return undefined;
    reasons.push(text === plaintext || from > 0 ? 'whole known text' : 'known text was found');
    score += 100;
  }
  if (!isText) {
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
  else if (plaintext === undefined && !isPlainText(text)) return undefined;
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

/** Whether a part of a message, which may start or end within a character, is text. */
export function isReadable(bytes: Buffer): boolean {
  const text = new TextDecoder().decode(bytes).replace(/^\uFFFD{1,3}/, '');
  return !text.includes('\uFFFD') && isPlainText(text);
}

/** Whether the string looks like text, not like bytes that happen to be valid UTF-8. */
function isPlainText(text: string): boolean {
  return text.length >= 4 && !/[^\P{C}\t\r\n]/u.test(text) && /\p{L}|\d/u.test(text);
}
