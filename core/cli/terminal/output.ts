import { plainLine } from '../../profiles/index.ts';

/** The result could not be written to stdout, which its reader has closed or whose disk is full. */
export class OutputError extends Error {
  constructor(code: string | undefined) {
    super(
      code === 'EPIPE'
        ? 'The output could not be written: the program that reads it has closed its input.'
        : `The output could not be written${code === undefined ? '' : ` (${code})`}.`,
    );
  }
}

/** Writes the result, or a part of it, to stdout. @throws OutputError */
export async function writeResult(result: string | Uint8Array): Promise<void> {
  if (result.length === 0) return;
  const { stdout } = process;
  // The callback reports it.
  if (stdout.listenerCount('error') === 0) stdout.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    stdout.write(result, (error) => (error ? reject(new OutputError(codeOf(error))) : resolve()));
  });
}

export function writeJson(value: unknown): Promise<void> {
  return writeResult(`${JSON.stringify(value, undefined, 2)}\n`);
}

const hidden = new Set<string>();

/** Values that are masked in all messages, also where a partner repeats them. Shorter ones occur by chance. */
export function hide(values: Iterable<string | undefined>): void {
  for (const value of values) if (value !== undefined && value.length >= 4) hidden.add(value);
}

/** Writes one line for the user to stderr. */
export function note(text: string, limit = 1000): void {
  let line = plainLine(text, limit);
  for (const value of hidden) line = line.replaceAll(value, '••••••••');
  process.stderr.write(`${line}\n`);
}

/** Rows with aligned columns, without blanks at the ends of lines. */
export function table(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map((cell) => plainLine(cell, 200)));
  const widths = (clean[0] ?? []).map((_, column) => Math.max(...clean.map((row) => (row[column] ?? '').length)));
  return clean
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd((widths[column] ?? 0) + 2))
          .join('')
          .trimEnd()}\n`,
    )
    .join('');
}

function codeOf(error: Error): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
