import { callSafely } from '../lib/call-safely.ts';
import { silentLogger, type Logger } from '../lib/logger.ts';
import { hidden } from './mask.ts';

export interface Redactor {
  /** Registers values to hide. Those shorter than four characters are ignored: they are too common to search for. */
  add(...secrets: (string | undefined)[]): void;
  /** The text without secrets, truncated to 4,000 characters. */
  redact(text: string): string;
}

const secretPatterns: readonly RegExp[] = [
  /eyJ[\w-]{4,}(?:\.[\w-]*){1,4}/g,
  /\b[0-9a-f]{64,}\b/gi,
  /\b(?:Bearer|Basic)\s+[\w.~+/=-]{8,}/gi,
];
const maxValues = 128;
const maxLength = 4000;

/** JSON and URLs contain such values verbatim. */
const needsNoEscaping = /^[\w.~-]*$/;
const encodings = (secret: string): string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret.toWellFormed()),
];

/** Hides known secrets by value, including their JSON and URL encodings, and unknown ones by pattern. */
export function createRedactor(): Redactor {
  const values = new Set<string>();
  return {
    add(...secrets) {
      for (const secret of secrets) {
        if (secret === undefined || secret.length < 4) continue;
        for (const encoding of needsNoEscaping.test(secret) ? [secret] : encodings(secret)) {
          values.delete(encoding);
          values.add(encoding);
        }
      }
      for (const oldest of values) {
        if (values.size <= maxValues) break;
        values.delete(oldest);
      }
    },
    redact(text) {
      let result = text;
      for (const value of [...values].sort((a, b) => b.length - a.length)) result = result.replaceAll(value, hidden);
      // Truncate after the values, since half a secret would not be found, and before the patterns, which can take
      // quadratic time.
      result = result.slice(0, maxLength);
      for (const pattern of secretPatterns) result = result.replace(pattern, hidden);
      return result;
    },
  };
}

/** As `redact`, and also hides the secrets of one exchange, such as its ciphertext. */
export function redactWith(redact: Redactor['redact'], secrets: readonly string[]): Redactor['redact'] {
  return (text) => redact(secrets.reduce((result, secret) => result.replaceAll(secret, hidden), text));
}

/** The logger with every message redacted. A logger that throws or returns a rejected promise does not affect the caller. */
export function redactingLogger(logger: Logger, redactor: Redactor): Logger {
  if (logger === silentLogger) return logger;
  const at =
    (level: keyof Logger) =>
    (message: string): void => {
      callSafely(() => logger[level](redactor.redact(message)));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
