import { callSafely } from '../lib/call-safely.ts';
import { silentLogger, type Logger } from '../lib/logger.ts';
import { lazy } from '../lib/node-modules.ts';
import { hidden } from './mask.ts';
import { decode, minLength, spellingsOf, type Spellings } from './spellings.ts';

export interface Redactor {
  /**
   * Registers tokens to hide. Only the newest are remembered, since each refresh replaces them. Values shorter than four
   * characters are ignored: they are too common to search for.
   */
  add(...tokens: (string | undefined)[]): void;
  /** As `add`, for credentials and keys, which are used for as long as the session exists. */
  keep(...secrets: (string | undefined)[]): void;
  /** The text without secrets, truncated to 4,000 characters. `more` are further secrets to hide. */
  redact(text: string, more?: readonly Spellings[]): string;
}

const secretPatterns: readonly RegExp[] = [
  /eyJ[\w-]{4,}(?:\.[\w-]*){1,4}/g,
  /\b[0-9a-f]{64,}\b/gi,
  /\b(?:Bearer|Basic)\s+[\w.~+/=-]{8,}/gi,
];
const maxTokens = 128;
/** So many attempts to log in, each with another password, are remembered. */
const maxKept = 1_024;
const maxLength = 4000;
/** The longest form of a character: a `\u` escape in JSON in JSON, or a percent code of four bytes. */
const maxSpelling = 12;

/**
 * Hides known secrets by value, in every form that servers return them in, and unknown ones by pattern.
 *
 * @param names of fields, which are not hidden where a secret is the same, or a part of one: the mask would show what it hides.
 */
export function createRedactor(names: ReadonlySet<string> = new Set()): Redactor {
  const tokens = new Newest(maxTokens);
  const kept = new Newest(maxKept);
  const isName = (value: string | undefined): boolean => value !== undefined && names.has(value);
  return {
    add: (...values) => tokens.add(values.filter((value) => !isName(value))),
    keep: (...values) => kept.add(values.filter((value) => !isName(value))),
    redact(text, more = []) {
      let result = hideSecrets(text, [...tokens.spellings(), ...kept.spellings(), ...more], names);
      for (const pattern of secretPatterns) result = result.replace(pattern, hidden);
      return result;
    },
  };
}

/** The newest of some secrets. */
class Newest {
  readonly #limit: number;
  /** The spellings are made with the first text to search: most sessions never have one. */
  readonly #secrets = new Map<string, () => Spellings>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(values: readonly (string | undefined)[]): void {
    for (const value of values) {
      if (value === undefined || value.length < minLength) continue;
      const spellings = this.#secrets.get(value) ?? lazy(() => spellingsOf(value));
      this.#secrets.delete(value);
      this.#secrets.set(value, spellings);
    }
    for (const oldest of this.#secrets.keys()) {
      if (this.#secrets.size <= this.#limit) break;
      this.#secrets.delete(oldest);
    }
  }

  spellings(): readonly Spellings[] {
    return [...this.#secrets.values()].map((spellings) => spellings());
  }
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function hideSecrets(text: string, secrets: readonly Spellings[], names: ReadonlySet<string>): string {
  const longest = secrets.reduce((length, { raw }) => Math.max(length, raw.length), 0);
  // Not cut to the final length yet, since half a secret would not be found.
  const searched = text.slice(0, maxLength + longest * maxSpelling);
  let result = '';
  let end = 0;
  for (const range of findSecrets(searched, secrets)) {
    if (range.start >= maxLength) break;
    if (names.has(wordAt(searched, range))) continue;
    result += searched.slice(end, range.start) + hidden;
    end = range.end;
  }
  return (result + searched.slice(end, Math.max(end, maxLength))).slice(0, maxLength);
}

/** A range with the rest of the word that it is in. */
function wordAt(text: string, { start, end }: Range): string {
  const [before = ''] = /\w*$/.exec(text.slice(0, start)) ?? [];
  const [after = ''] = /^\w*/.exec(text.slice(end)) ?? [];
  return before + text.slice(start, end) + after;
}

/** Where secrets are in a text, in order. Overlapping ranges are merged. */
function findSecrets(text: string, secrets: readonly Spellings[]): readonly Range[] {
  const ranges: Range[] = [];
  const decoded = decode(text);
  for (const { raw, decoded: forms } of secrets) {
    for (const start of occurrences(text, raw)) ranges.push({ start, end: start + raw.length });
    for (const form of forms) {
      for (const at of occurrences(decoded.text, form.text)) {
        const start = form.before && isBase64(decoded.text[at - 1]) ? at - 1 : at;
        const end = at + form.text.length;
        ranges.push({
          start: decoded.indexOf(start),
          end: decoded.indexOf(form.after && isBase64(decoded.text[end]) ? end + 1 : end),
        });
      }
    }
  }
  const merged: Range[] = [];
  for (const range of ranges.sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last === undefined || range.start >= last.end) merged.push(range);
    else merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
  }
  return merged;
}

function* occurrences(text: string, value: string): Generator<number> {
  for (let at = text.indexOf(value); at !== -1; at = text.indexOf(value, at + value.length)) yield at;
}

/** In decoded text, where `+` and `-` are spaces. */
function isBase64(character: string | undefined): boolean {
  return character !== undefined && /[\w/ ]/.test(character);
}

/** As `redact`, and also hides the secrets of one exchange, such as its ciphertext. */
export function redactWith(redact: Redactor['redact'], secrets: readonly string[]): (text: string) => string {
  const more = lazy(() => secrets.map(spellingsOf));
  return (text) => redact(text, more());
}

/**
 * The logger with every message redacted. A logger that throws or returns a rejected promise does not affect the caller.
 */
export function redactingLogger(logger: Logger, redactor: Redactor): Logger {
  if (logger === silentLogger) return logger;
  const at =
    (level: keyof Logger) =>
    (message: string): void => {
      callSafely(() => logger[level](redactor.redact(message)));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
