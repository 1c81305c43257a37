/**
 * `npm test`: runs the steps, two more at a time than there are processor cores (at most 4), and prints what took how long. The
 * output of a step goes to out/test/, and is printed if the step fails.
 * `npm test -- e2e host`: runs these steps and the ones that they need. `npm run test:all`: runs the long ones too.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism, constants, setPriority } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { missingBrowser, missingEditor } from './helpers/vscode/missing.ts';

interface Step {
  /** The npm script that it runs. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly needs?: readonly string[];
  /** Takes longest, so that the other steps make way for it. */
  readonly isLongest?: boolean;
  /** Left out unless asked for. */
  readonly long?: boolean;
  /** Why the step cannot run on this machine. */
  readonly missing?: () => string | undefined;
}

/** In the order in which they start: those that take longest come as early as possible. */
const steps: Readonly<Record<string, Step>> = {
  build: { script: 'build' },
  vsix: { script: 'vsix', needs: ['build'] },
  e2e: { script: 'test:e2e', needs: ['vsix'], missing: missingBrowser, isLongest: true },
  unit: { script: 'test:unit', needs: ['build'] },
  programs: { script: 'test:programs', needs: ['build'] },
  lint: { script: 'lint' },
  host: { script: 'test:host', needs: ['build'], missing: missingEditor },
  package: { script: 'test:package', needs: ['build'] },
  typecheck: { script: 'typecheck' },
  format: { script: 'format:check' },
  faults: { script: 'test:faults', args: ['--print'], long: true },
  screenshots: { script: 'test:screenshots', needs: ['vsix'], long: true, missing: missingBrowser },
  bench: { script: 'bench', args: ['--quick'], needs: ['build'], long: true },
};

const root = resolve(import.meta.dirname, '..');
const logs = join(root, 'out/test');

interface Result {
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly seconds: number;
  /** Number of tests, or why the step was skipped. */
  readonly note: string;
}

async function runStep(name: string, { script, args = [], isLongest = false }: Step): Promise<Result> {
  const start = performance.now();
  const log = join(logs, `${name}.log`);
  const output = createWriteStream(log);
  const child = spawn(process.execPath, ['--run', script, '--', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Modules are the same in all steps, so that V8 compiles each of them once.
    env: { ...process.env, NODE_COMPILE_CACHE: join(root, 'out/compile-cache') },
  });
  if (!isLongest && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  const [code] = (await once(child, 'close')) as [number | null];
  output.end();
  await once(output, 'finish');
  const text = await readFile(log, 'utf8');
  // The last count is that of the whole run; the output of a program under test may have others.
  const count = [...text.matchAll(/^ℹ pass (\d+)$|^ *(\d+) passing/gm)].at(-1)?.slice(1).join('');
  if (code !== 0) console.log(`\n${failureOf(text)}\n`);
  const seconds = (performance.now() - start) / 1000;
  const note = count === undefined ? '' : `${count} tests passed`;
  return { name, state: code === 0 ? 'passed' : 'failed', seconds, note };
}

/** The failures only, if the output has them in one place. */
function failureOf(output: string): string {
  const summary = output.lastIndexOf('✖ failing tests:');
  return (summary === -1 ? output : output.slice(summary)).trim();
}

function describe({ name, state, seconds, note }: Result): string {
  const mark = { passed: '✔', failed: '✖', skipped: '-' }[state];
  const time = state === 'skipped' ? '' : `${seconds.toFixed(0)} s`;
  return `${mark} ${name.padEnd(12)}${time.padStart(6)}  ${note}`.trimEnd();
}

/** Runs the steps, each as soon as those that it needs have passed and a slot is free. */
async function runSteps(chosen: readonly (readonly [string, Step])[], slots: number): Promise<Result[]> {
  const results = new Map<string, Result>();
  const running = new Map<string, Promise<void>>();
  const finish = (result: Result): void => {
    results.set(result.name, result);
    running.delete(result.name);
    console.log(describe(result));
  };
  const stateOf = (name: string): Result['state'] | undefined => results.get(name)?.state;
  while (results.size < chosen.length) {
    for (const [name, step] of chosen.filter(([name]) => !results.has(name) && !running.has(name))) {
      const needs = step.needs ?? [];
      const blocking = needs.find((need) => stateOf(need) === 'failed' || stateOf(need) === 'skipped');
      const reason = blocking === undefined ? step.missing?.() : `${blocking} has not passed`;
      if (reason !== undefined) finish({ name, state: 'skipped', seconds: 0, note: `skipped: ${reason}` });
      else if (running.size < slots && needs.every((need) => stateOf(need) === 'passed')) {
        running.set(name, runStep(name, step).then(finish));
      }
    }
    if (running.size > 0) await Promise.race(running.values());
  }
  return [...results.values()];
}

function withNeeds(name: string): string[] {
  const step = steps[name];
  if (step === undefined) {
    console.error(`There is no step ${name}. The steps are ${Object.keys(steps).join(', ')}.`);
    process.exit(2);
  }
  return [...(step.needs ?? []).flatMap(withNeeds), name];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { all: { type: 'boolean', default: false } },
});
const asked =
  positionals.length > 0
    ? positionals.flatMap(withNeeds)
    : Object.keys(steps).filter((name) => values.all || steps[name]?.long !== true);
const chosen = Object.entries(steps).filter(([name]) => asked.includes(name));
const start = performance.now();
await mkdir(logs, { recursive: true });
// Tests in VS Code, of locks and of programs wait for half of their time.
const results = await runSteps(chosen, Math.min(availableParallelism() + 2, 4));
const failed = results.filter(({ state }) => state === 'failed').map(({ name }) => name);
const minutes = `${((performance.now() - start) / 60_000).toFixed(1)} minutes`;
console.log(
  failed.length === 0
    ? `\nPassed in ${minutes}.`
    : `\nFailed: ${failed.join(', ')} (in ${minutes}). The output of each step is in out/test/.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
