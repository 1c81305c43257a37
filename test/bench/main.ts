/**
 * `npm run bench`: all parts; `npm run bench -- cipher token`: these. Stores the samples in results.json and writes README.md
 * from it. `--print`: prints only. `--quick`: runs everything once and short, and prints only. `--render`: writes README.md
 * from results.json without measuring. Exits with 1 when a figure is outside budget.json.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { parts } from './parts/all.ts';
import { overBudget } from './report/budget.ts';
import { renderSection } from './report/readme.ts';
import { benchReport, rounded, type PartResult, type Results } from './report/results.ts';

const { values, positionals } = parseArgs({
  options: {
    print: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    render: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  console.error(`Unknown part ${unknown.join(', ')}. Parts: ${Object.keys(parts).join(', ')}.`);
  process.exit(2);
}

if (values.render) await benchReport.write(await benchReport.read());
else await measureParts();

async function measureParts(): Promise<void> {
  const { quick, print } = values;
  const start = performance.now();
  const load = loadavg()[0]?.toFixed(1) ?? '';
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, load ${load}, ${process.platform} ${process.arch}, Node ${process.versions.node}`;
  const date = new Date().toISOString().slice(0, 10);
  const measured: Record<string, PartResult> = {};
  const failures: string[] = [];
  console.log(`${machine}, ${date}.`);
  for (const [name, part] of Object.entries(parts)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const partStart = performance.now();
    const measurement = rounded(await part.measure({ quick }));
    measured[name] = { machine, date, measurement };
    console.log(`\n${renderSection(part, measurement)}\n`);
    if (!quick) failures.push(...overBudget(part.figures(measurement)));
    console.error(`${name}: ${Math.round((performance.now() - partStart) / 1000)} s`);
  }
  for (const failure of failures) console.error(`Outside the budget: ${failure}`);
  console.error(`${Math.round((performance.now() - start) / 1000)} s in total`);
  process.exitCode = failures.length > 0 ? 1 : 0;
  if (quick || print) return;
  const stored = await benchReport.read().catch((): Results => ({}));
  const all = { ...stored, ...measured };
  // In the order of the parts, whatever the order in which they were measured.
  const names = Object.keys(parts).filter((name) => Object.hasOwn(all, name));
  await benchReport.write(Object.fromEntries(names.map((name) => [name, all[name] as PartResult])));
}
