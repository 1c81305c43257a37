import { randomBytes, randomInt } from 'node:crypto';
import type { TextFormat } from './codec/settings.ts';

const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';

export function randomWord(length: number): string {
  return Array.from({ length }, () => letters.charAt(randomInt(letters.length))).join('');
}

/** `length` random bytes, encoded as `format`. */
export function randomBytesAs(format: TextFormat, length: number): string {
  return format === 'utf8' ? randomWord(length) : randomBytes(length).toString(format);
}
