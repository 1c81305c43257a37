/**
 * `npm run bench`: all parts; `npm run bench -- cipher token`: these. `--quick` runs everything once and short, to see that it
 * runs. Each candidate is measured in fresh processes, interleaved in random order over the rounds. Prints Markdown; the exit
 * code is 1 when a figure is beyond its limit in budget.json.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { overBudget } from './report/budget.ts';
import type { Part } from './report/part.ts';
import { cipher } from './parts/cipher.ts';
import { exchange } from './parts/exchange.ts';
import { growth } from './parts/growth.ts';
import { idle } from './parts/idle.ts';
import { size } from './parts/size.ts';
import { startup } from './parts/startup.ts';
import { storm } from './parts/storm.ts';
import { token } from './parts/token.ts';

const parts: Readonly<Record<string, Part>> = { cipher, token, exchange, storm, startup, size, idle, growth };

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  console.error(`Unknown part ${unknown.join(', ')}. There are: ${Object.keys(parts).join(', ')}.`);
  process.exit(2);
}

const chosen = Object.entries(parts).filter(([name]) => positionals.length === 0 || positionals.includes(name));
const start = performance.now();
console.log(
  `${cpus()[0]?.model ?? 'Unknown processor'}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1) ?? ''}, ${process.platform} ${process.arch}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}.`,
);
let failures = 0;
for (const [name, part] of chosen) {
  const partStart = performance.now();
  const { markdown, figures } = await part.run({ quick: values.quick });
  console.log(`\n### ${part.title}\n\n${markdown}\n`);
  for (const line of values.quick ? [] : overBudget(figures)) {
    failures++;
    console.log(`**Over budget:** ${line}\n`);
  }
  console.error(`${name}: ${Math.round((performance.now() - partStart) / 1000)} s`);
}
console.error(
  `${Math.round((performance.now() - start) / 1000)} s in all${failures > 0 ? `, ${failures} over budget` : ''}`,
);
process.exitCode = failures > 0 ? 1 : 0;
