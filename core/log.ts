/** Where the session reports what it does. Shaped so that VS Code's `LogOutputChannel` and `console` fit as they are. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

const nothing = (): void => undefined;
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export interface Redactor {
  /** Values that must never be shown again; those under four characters are too common to search for. */
  add(...secrets: (string | undefined)[]): void;
  /** The text, cut to 4,000 characters, without secrets. */
  redact(text: string): string;
}

const shapes: readonly RegExp[] = [
  /eyJ[\w-]{4,}(?:\.[\w-]*){1,4}/g,
  /\b[0-9a-f]{64,}\b/gi,
  /\b(?:Bearer|Basic)\s+[\w.~+/=-]{8,}/gi,
];
const mask = '[hidden]';
const remembered = 128;
const lineLimit = 4000;

/** JSON and URLs spell these as they are. */
const spelledAlike = /^[\w.~-]*$/;
const spellings = (secret: string): string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret.toWellFormed()),
];

/** Hides known secrets by value, also in their JSON and URL spelling, and unknown ones by shape. */
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
      for (const value of [...values].sort((a, b) => b.length - a.length)) result = result.replaceAll(value, mask);
      // Cut only now, as a secret cut in two is no longer found; and before the shapes, whose time can be quadratic.
      result = result.slice(0, lineLimit);
      for (const shape of shapes) result = result.replace(shape, mask);
      return result;
    },
  };
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

/**
 * Outside text (a partner's error message) as one harmless line: control, format and direction-changing characters
 * become spaces, and the rest is cut to `limit` characters.
 */
export function plainLine(text: string, limit = 200): string {
  const line = text
    .slice(0, limit * 4)
    .toWellFormed()
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
  return line.length > limit ? `${line.slice(0, limit - 1).toWellFormed()}…` : line;
}
