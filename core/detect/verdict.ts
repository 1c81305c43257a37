import { isUtf8 } from 'node:buffer';
import { unpadded } from '../cipher/padding.ts';
import { parseJson } from '../lib/json.ts';

export type PayloadKind = 'json' | 'query' | 'text' | 'binary';

/** What speaks for a decryption. */
export interface Verdict {
  /** Higher is surer; 0 means that nothing speaks for it. */
  readonly score: number;
  readonly reasons: readonly Reason[];
  readonly payload: PayloadKind;
  /** Padding units that fit. */
  readonly paddings: readonly (16 | 32)[];
  /** Ends as JSON does, and is none: what it lacks is its beginning. */
  readonly isTail?: boolean;
}

export type Reason =
  | 'padding is right'
  | 'text is UTF-8'
  | 'payload is JSON'
  | 'payload is a query string'
  | 'known text was found'
  | 'whole known text'
  /** From the known plain text: nobody had given it. */
  | 'IV was computed';

/** Judges decrypted blocks; `from` is where the known blocks begin when the first one can not be read for lack of an IV. */
export function judgeBlocks(blocks: Buffer, plaintext: string | undefined, from = 0): Verdict | undefined {
  const paddings = ([16, 32] as const).filter((unit) => unpadded(blocks, unit) !== undefined);
  const body = paddings[0] === undefined ? undefined : unpadded(blocks, paddings.at(-1) ?? 16);
  if (body === undefined) return undefined;
  const seen = body.subarray(Math.min(from, body.length));
  const reasons: Reason[] = ['padding is right'];
  // Two padding bytes or more are no accident; a single one happens once in 256 tries.
  let score = blocks.length - body.length > 1 ? 2 : 1;
  // Behind an unread first block the text may begin within a character.
  const utf8 = from > 0 || isUtf8(seen);
  const text = utf8 ? seen.toString() : '';
  if (plaintext !== undefined) {
    if (from > 0 ? !matchesTail(seen, plaintext, from) : !(utf8 && text.includes(plaintext))) return undefined;
    reasons.push(text === plaintext || from > 0 ? 'whole known text' : 'known text was found');
    score += 100;
  }
  if (!utf8) {
    // Text but for its first block is text under another IV; and of all the wrong keys one in 256 gives right padding.
    const isBinary = blocks.length - body.length > 3 && !(seen.length > 24 && isReadable(seen.subarray(16)));
    return isBinary ? { score, reasons, payload: 'binary', paddings } : undefined;
  }
  reasons.push('text is UTF-8');
  score += 2;
  const payload = from > 0 ? kindOf(plaintext ?? '') : kindOf(text);
  if (payload === 'json') reasons.push('payload is JSON');
  if (payload === 'query') reasons.push('payload is a query string');
  if (payload === 'json' || payload === 'query') score += 20;
  else if (plaintext === undefined && !isPlain(text)) return undefined;
  return { score, reasons, payload, paddings, isTail: payload === 'text' && /[}\]]\s*$/.test(text) };
}

function matchesTail(seen: Buffer, plaintext: string, from: number): boolean {
  const known = Buffer.from(plaintext);
  return known.length >= from && seen.equals(known.subarray(from));
}

function kindOf(text: string): PayloadKind {
  const json = parseJson(text);
  if (typeof json === 'object' && json !== null) return 'json';
  if (/^[\w.%+[\]-]+=[^\s&]*(?:&[\w.%+[\]-]+=[^\s&]*)*$/.test(text)) return 'query';
  return 'text';
}

/** Whether a part of a message, which may begin or end within a character, is text. */
export function isReadable(bytes: Buffer): boolean {
  const text = new TextDecoder().decode(bytes).replace(/^\uFFFD{1,3}/, '');
  return !text.includes('\uFFFD') && isPlain(text);
}

/** Whether the text looks like one, not like bytes that happen to be UTF-8. */
function isPlain(text: string): boolean {
  return text.length >= 4 && !/[^\P{C}\t\r\n]/u.test(text) && /\p{L}|\d/u.test(text);
}
