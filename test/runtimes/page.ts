import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatFile, root } from '../generate/format-file.ts';
import { blockOf } from '../helpers/documents.ts';
import { markdownTable } from '../helpers/markdown-table.ts';

/** The page with the samples, and with the table that `npm run test:runtimes` writes. */
export const page = 'core/examples/README.md';

/** The blocks of the page that the runtimes run, by their names as files. */
export const samples = ['main.mjs', 'main.cjs', 'main.ts', 'commonjs.ts', 'jest.test.js'] as const;
export type Sample = (typeof samples)[number];

export interface Row {
  readonly name: string;
  /** Undefined if it could not be installed. */
  readonly version: string | undefined;
  readonly command: string;
  readonly result: string;
}

const start = '<!-- runtimes: written by npm run test:runtimes -->\n';
const end = '<!-- end of runtimes -->';

/** Replaces the table of the page. */
export async function writeTable(rows: readonly Row[], on: string): Promise<void> {
  const path = join(root, page);
  const text = await readFile(path, 'utf8');
  const table = markdownTable(
    ['where', 'version', 'command', 'result'],
    rows.map(({ name, version = '', command, result }) => [name, version, `\`${command}\``, result]),
    'left',
  );
  const before = text.slice(0, text.indexOf(start) + start.length);
  const written = `${before}\n${table}\n\n${on} Samples ${digest()}.\n\n${text.slice(text.indexOf(end))}`;
  await writeFile(path, await formatFile(page, written));
}

/** Of the samples, so that a test knows whether the ones of the page have been run. */
export function digest(): string {
  const hash = createHash('sha256');
  for (const sample of samples) hash.update(blockOf(page, sample));
  return hash.digest('hex').slice(0, 8);
}
