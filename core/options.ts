import { plainLine } from './log.ts';

/** Refuses a misspelt option loudly: a setting that is silently ignored is found only when it hurts. */
export function refuseUnknownKeys(what: string, given: object, known: readonly string[]): void {
  if (typeof given !== 'object' || (given as unknown) === null) throw new TypeError(`${what} must be an object.`);
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    throw new TypeError(`Unknown ${what} setting "${plainLine(key, 80)}". Known: ${known.join(', ')}.`);
  }
}
