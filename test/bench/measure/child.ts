/**
 * Runs one candidate in a process of its own: `node child.ts MODULE NAME OPTIONS` calls the module's `candidates[NAME]` with
 * the options and prints what it resolves to as one line of JSON.
 */
import type { Candidates } from './fresh-process.ts';

const [, , module = '', name = '', options = '{}'] = process.argv;
const { candidates } = (await import(module)) as { candidates: Candidates };
const candidate = candidates[name];
if (candidate === undefined) throw new Error(`${module} has no candidate "${name}".`);
process.stdout.write(`\n${JSON.stringify(await candidate(JSON.parse(options) as never))}\n`);
process.exit(0);
