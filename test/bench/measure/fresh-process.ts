import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What a candidate measured, by name. */
export type Metrics = Record<string, number>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each file of candidates has its own options
export type Candidates = Readonly<Record<string, (options: any) => Promise<Metrics>>>;

export interface Case {
  /** Unique within one run; the key of its samples. */
  readonly label: string;
  /** File name in `candidates/`. */
  readonly module: string;
  readonly name: string;
  readonly options?: object;
  /** Default: the rounds of the run. */
  readonly rounds?: number;
}

const child = join(import.meta.dirname, 'child.ts');
const nodeFlags = ['--expose-gc', '--disable-warning=ExperimentalWarning'];

/** Runs one candidate in a fresh process. */
export async function measure({ module, name, options = {} }: Case): Promise<Metrics> {
  const file = new URL(`../candidates/${module}`, import.meta.url).href;
  const output = await runNode([...nodeFlags, child, file, name, JSON.stringify(options)]);
  return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as Metrics;
}

/**
 * Runs this Node with these arguments.
 *
 * @returns What it printed to stdout.
 * @throws Error when it exits with another code than 0.
 */
export async function runNode(args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd?: string): Promise<string> {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const started = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...inherited, ...env },
    ...(cwd !== undefined && { cwd }),
  });
  let stdout = '';
  let stderr = '';
  started.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  started.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const [code] = (await once(started, 'close')) as [number | null];
  if (code !== 0) throw new Error(`node ${args.join(' ').slice(0, 300)} exited with ${code}:\n${stderr.slice(-4000)}`);
  return stdout;
}

/** Samples by label of the case and name of the metric. */
export type Samples = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;

/** Runs every case once in each round, in a new random order, so that other work on the machine affects all alike. */
export async function runInterleaved(
  cases: readonly Case[],
  rounds: number,
  run: (one: Case) => Promise<Metrics> = measure,
): Promise<Samples> {
  const samples: Record<string, Record<string, number[]>> = Object.fromEntries(cases.map(({ label }) => [label, {}]));
  for (let round = 0; round < rounds; round++) {
    for (const one of shuffled(cases.filter((candidate) => round < (candidate.rounds ?? rounds)))) {
      const metrics = (samples[one.label] ??= {});
      for (const [metric, value] of Object.entries(await run(one))) (metrics[metric] ??= []).push(value);
    }
  }
  return samples;
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((entry) => ({ entry, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ entry }) => entry);
}
