/**
 * One candidate in a process of its own: `node child.ts MODULE NAME OPTIONS`. The module's `candidates[NAME]` is called with
 * the options; what it resolves to is printed as one line of JSON.
 */
import type { Candidates } from './fresh-process.ts';

const [, , module = '', name = '', options = '{}'] = process.argv;
const { candidates } = (await import(module)) as { candidates: Candidates };
const candidate = candidates[name];
if (candidate === undefined) throw new Error(`${module} has no candidate "${name}".`);
process.stdout.write(`\n${JSON.stringify(await candidate(JSON.parse(options) as never))}\n`);
process.exit(0);
