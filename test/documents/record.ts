/** `npm run record`: writes the terminal sessions of the command line's page as they are now. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../helpers/tarball.ts';
import { recordSession, sessionPage } from './recorded-session.ts';

const file = join(root, sessionPage);
let page = await readFile(file, 'utf8');
for (const [key, text] of Object.entries(await recordSession()))
  page = page.replace(
    new RegExp(`^(\`\`\`console ${key}\n)[^]*?(?=^\`\`\`$)`, 'm'),
    (_, start: string) => start + text,
  );
await writeFile(file, page);
