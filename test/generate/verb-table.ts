import { shortUsage } from '../../core/cli/grammar/help.ts';
import { verbs } from '../../core/cli/grammar/verbs.ts';
import { markdownTable } from '../helpers/markdown-table.ts';

const start = '<!-- verbs: written by npm run generate -->\n';
const end = '<!-- end of verbs -->';

/** The page of the command line with the table of its verbs. */
export function withVerbTable(page: string): string {
  const rows = verbs.map((verb) => [code(shortUsage(verb)), verb.text, code(`partner-auth ${verb.examples[0] ?? ''}`)]);
  const before = page.slice(0, page.indexOf(start) + start.length);
  return `${before}\n${markdownTable(['verb', 'does', 'example'], rows, 'left')}\n\n${page.slice(page.indexOf(end))}`;
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}
