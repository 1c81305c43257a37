import { partnerNames } from '../../helpers/with-session.ts';
import type { SandboxPartner } from '../../../core/sandbox/index.ts';
import { callRows } from './rows/calls.ts';
import { killRows } from './rows/kills.ts';
import { networkRows } from './rows/network.ts';
import { responseRows } from './rows/responses.ts';
import { storeRows } from './rows/stores.ts';
import { timeRows } from './rows/time.ts';
import { runTrial, type Row } from './trial.ts';

export interface RowGroup {
  readonly title: string;
  /** What the faults of the group have in common, in Markdown. */
  readonly description: string;
  readonly rows: readonly Row[];
}

export const rowGroups: readonly RowGroup[] = [
  {
    title: 'Network',
    description: 'A refresh request that does not reach the partner, or that the partner never processes.',
    rows: networkRows,
  },
  {
    title: 'Responses',
    description:
      'The partner processes the refresh request, or refuses it, and its response is lost, damaged or unusual. Two rows differ only in the grace time of the sandbox: 60 s or none.',
    rows: responseRows,
  },
  {
    title: 'Calls',
    description:
      'Redirects, calls that get 401, and callers that abort. The rows with `abort` abort at a later turn of the event loop in each trial.',
    rows: callRows,
  },
  {
    title: 'Stores',
    description: 'A `fileStore` whose disk is full or read-only, or whose file another program has changed.',
    rows: storeRows,
  },
  {
    title: 'Time',
    description: "The session's clock is changed, the machine sleeps, or the tokens live for very long.",
    rows: timeRows,
  },
  {
    title: 'Kills',
    description:
      'A second process refreshes on the same file and is killed at one step of the refresh; the trial then goes on with the file that it leaves. The intent is the mark in the file that a refresh request is about to be sent. The grace time is 600 s or none.',
    rows: killRows,
  },
];

export const rows: readonly Row[] = rowGroups.flatMap((group) => group.rows);

/** Results of the trials of one row at one partner. */
export interface Cell {
  readonly trials: number;
  /** Trials in which the session needed a new login. */
  readonly lost: number;
  /** Outputs that contained a secret. */
  readonly leaks: number;
}

export interface RowResult {
  readonly cells: Readonly<Record<SandboxPartner, Cell>>;
  readonly outputsScanned: number;
  readonly problems: readonly string[];
}

export interface RunLength {
  /** Variants are repeated until there are so many trials in a cell. */
  readonly minTrials: number;
  /** Default: all variants; else so many, spread over all. */
  readonly maxVariants?: number;
}

/** Runs the trials of a row at every partner. */
export async function runRow(row: Row, length: RunLength): Promise<RowResult> {
  const results: CellResult[] = [];
  if (row.exclusive === true) for (const partner of partnerNames) results.push(await runCell(row, partner, length));
  else results.push(...(await Promise.all(partnerNames.map((partner) => runCell(row, partner, length)))));
  return {
    cells: Object.fromEntries(results.map(({ partner, cell }) => [partner, cell])) as RowResult['cells'],
    outputsScanned: results.reduce((sum, result) => sum + result.outputsScanned, 0),
    problems: results.flatMap(({ problems }) => [...problems].map((problem) => `${row.name}: ${problem}`)),
  };
}

interface CellResult {
  readonly partner: SandboxPartner;
  readonly cell: Cell;
  readonly outputsScanned: number;
  readonly problems: ReadonlySet<string>;
}

/** Runs the trials of a row at one partner. */
export async function runCell(
  row: Row,
  partner: SandboxPartner,
  { minTrials, maxVariants = Infinity }: RunLength,
): Promise<CellResult> {
  const cell = { trials: 0, lost: 0, leaks: 0 };
  let outputsScanned = 0;
  const problems = new Set<string>();
  const variants = row.variants ?? 1;
  const chosen = Math.min(variants, maxVariants);
  for (let number = 0; number < Math.max(chosen, minTrials); number++) {
    const variant = Math.floor(((number % chosen) * variants) / chosen);
    const outcome = await runTrial(row, partner, variant).catch((error: unknown) => ({
      lost: true,
      problem: `the trial failed: ${error instanceof Error ? error.message : String(error)}`,
      leaks: [],
      outputsScanned: 0,
    }));
    cell.trials++;
    if (outcome.lost) cell.lost++;
    cell.leaks += outcome.leaks.length;
    outputsScanned += outcome.outputsScanned;
    if (outcome.problem !== undefined) problems.add(`${partner} ${variant}: ${outcome.problem}`);
    for (const source of outcome.leaks) problems.add(`${partner} ${variant}: a secret in: ${source}`);
  }
  return { partner, cell, outputsScanned, problems };
}
