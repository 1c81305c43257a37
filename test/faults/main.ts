/**
 * `npm run test:faults`: all parts; writes results.json and README.md.
 * `--print`: prints only. `--short`: all parts in a short form. `--only matrix|rotations|stalls|soak|fuzz|canary|commandLine`: one part; `--only <string>`: the matrix
 * rows whose name contains the string. These print their results only.
 * `--render`: writes README.md from results.json.
 */
import { parseArgs } from 'node:util';
import { searchCommandLine } from './canary/command-line.ts';
import { searchCanaries } from './canary/run.ts';
import { fuzz } from './fuzz/run.ts';
import { rows, runRow } from './matrix/matrix.ts';
import { faultReport, type FaultResults } from './report/results.ts';
import { kept } from './report/readme.ts';
import { rotate, rotationProblems } from './rotations/run.ts';
import { soak, soakProblems } from './soak/run.ts';
import { stall, stallProblems } from './stalls/run.ts';

const { values } = parseArgs({
  options: {
    print: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    only: { type: 'string' },
    render: { type: 'boolean', default: false },
  },
});
const { print, short, only, render } = values;
const problems: string[] = [];

const parts = {
  async matrix(nameIncludes = '') {
    const results: Record<string, FaultResults['matrix']['rows'][string]> = {};
    let outputsScanned = 0;
    for (const row of rows.filter(({ name }) => name.includes(nameIncludes))) {
      const result = await runRow(row, short ? { minTrials: 1, maxVariants: 6 } : { minTrials: 10 });
      results[row.name] = result.cells;
      outputsScanned += result.outputsScanned;
      problems.push(...result.problems);
      console.log(`${row.name}: ${Object.values(result.cells).map(kept).join(', ')}`);
    }
    return { rows: results, outputsScanned };
  },
  async rotations() {
    const counts = await rotate(short ? 300 : 10_000);
    problems.push(...rotationProblems(counts));
    return counts;
  },
  async stalls() {
    const long = { rotations: 2_000, stallsOfPair: 8, stall: 15_000 };
    const counts = await stall(short ? { ...long, rotations: 100, stallsOfPair: 1 } : long);
    problems.push(...stallProblems(counts));
    return counts;
  },
  async soak() {
    const report = await soak(short ? 600 : 3_600);
    problems.push(...soakProblems(report));
    return report;
  },
  async fuzz() {
    const seed = Date.now() % 2 ** 31;
    const runs: Record<string, number> = {};
    for (const result of await fuzz(short ? 0.003 : 1, seed)) {
      runs[result.name] = result.runs;
      if (result.problem !== undefined) problems.push(`${result.name}: ${result.problem}`);
    }
    return { seed, runs };
  },
  async canary() {
    const { leaks, ...counts } = await searchCanaries();
    problems.push(...leaks.map((source) => `a secret in: ${source}`));
    return { ...counts, leaks: leaks.length };
  },
  async commandLine() {
    const { leaks, outputsScanned, secrets, coreFiles, missingVerbs } = await searchCommandLine();
    problems.push(...leaks.map((source) => `a secret in: ${source}`));
    problems.push(...missingVerbs.map((name) => `not run: ${name}`));
    return { outputsScanned, secrets, coreFiles, leaks: leaks.length };
  },
};

if (render) {
  await faultReport.write(await faultReport.read());
} else if (only === undefined) {
  const matrix = await parts.matrix();
  const rotations = show(await parts.rotations());
  const stalls = show(await parts.stalls());
  const soaked = show(await parts.soak());
  const fuzzed = show(await parts.fuzz());
  const canary = show(await parts.canary());
  const commandLine = show(await parts.commandLine());
  if (!short && !print) {
    const environment = `Node ${process.versions.node}, ${process.platform} ${process.arch}`;
    const date = new Date().toISOString().slice(0, 10);
    await faultReport.write({
      date,
      environment,
      problems,
      matrix,
      rotations,
      stalls,
      soak: soaked,
      fuzz: fuzzed,
      canary,
      commandLine,
    });
  }
} else if (only !== 'matrix' && Object.hasOwn(parts, only)) {
  show(await parts[only as keyof typeof parts]());
} else {
  await parts.matrix(only === 'matrix' ? '' : only);
}

if (problems.length > 0) {
  console.error(`\n${problems.join('\n')}`);
  process.exitCode = 1;
}

function show<T>(result: T): T {
  console.log(JSON.stringify(result));
  return result;
}
