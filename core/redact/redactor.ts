import { silentLogger, type Logger } from '../lib/logger.ts';
import { hidden } from './mask.ts';

export interface Redactor {
  /** Values that must never be shown again; those under four characters are too common to search for. */
  add(...secrets: (string | undefined)[]): void;
  /** The text without secrets, cut to 4,000 characters. */
  redact(text: string): string;
}

const shapes: readonly RegExp[] = [
  /eyJ[\w-]{4,}(?:\.[\w-]*){1,4}/g,
  /\b[0-9a-f]{64,}\b/gi,
  /\b(?:Bearer|Basic)\s+[\w.~+/=-]{8,}/gi,
];
const remembered = 128;
const lineLimit = 4000;

/** JSON and URLs spell these as they are. */
const spelledAlike = /^[\w.~-]*$/;
const spellings = (secret: string): string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret.toWellFormed()),
];

/** Hides known secrets by value, in their JSON and URL spelling too, and unknown ones by shape. */
export function createRedactor(): Redactor {
  const values = new Set<string>();
  return {
    add(...secrets) {
      for (const secret of secrets) {
        if (secret === undefined || secret.length < 4) continue;
        for (const spelling of spelledAlike.test(secret) ? [secret] : spellings(secret)) {
          values.delete(spelling);
          values.add(spelling);
        }
      }
      for (const oldest of values) {
        if (values.size <= remembered) break;
        values.delete(oldest);
      }
    },
    redact(text) {
      let result = text;
      for (const value of [...values].sort((a, b) => b.length - a.length)) result = result.replaceAll(value, hidden);
      // Cut only now, as a secret cut in two is no longer found; and before the shapes, whose time can be quadratic.
      result = result.slice(0, lineLimit);
      for (const shape of shapes) result = result.replace(shape, hidden);
      return result;
    },
  };
}

/** `redact` that also hides the secrets of one exchange, such as its ciphertext. */
export function redactWith(redact: Redactor['redact'], secrets: readonly string[]): Redactor['redact'] {
  return (text) => redact(secrets.reduce((rest, secret) => rest.replaceAll(secret, hidden), text));
}

/** The logger with every line redacted; a logger that throws never breaks the caller. */
export function redactingLogger(logger: Logger, redactor: Redactor): Logger {
  if (logger === silentLogger) return logger;
  const line =
    (level: keyof Logger) =>
    (message: string): void => {
      try {
        logger[level](redactor.redact(message));
      } catch {
        // A broken log sink must not cost a session.
      }
    };
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}
