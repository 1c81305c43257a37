import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatFile, root } from '../generate/format-file.ts';
import { markdownTable } from '../helpers/markdown-table.ts';
import { facts } from './facts.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** What a fact came to, by its title. */
export type Outcomes = ReadonlyMap<string, string>;

const page = 'core/partners/README.md';
const start = '<!-- servers: written by npm run test:servers -->\n';
const end = '<!-- end of servers -->';

/** The table of what was tried. */
export function serverTable(results: readonly (readonly [ServerUnderTest, Outcomes])[]): string {
  return markdownTable(
    ['', ...results.map(([{ name, version }]) => `${name} ${version}`)],
    facts.map(({ title }) => [title, ...results.map(([, outcomes]) => outcomes.get(title) ?? '')]),
    'left',
  );
}

/** Replaces the table in the document of the partners. @throws Error if its place is missing. */
export async function writeServerTable(table: string): Promise<void> {
  const path = join(root, page);
  const text = await readFile(path, 'utf8');
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`${page} has no place for the table of servers.`);
  const written = `${text.slice(0, from + start.length)}\n${table}\n\n${text.slice(to)}`;
  await writeFile(path, await formatFile(page, written));
}
