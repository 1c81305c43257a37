import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SandboxPartner } from '../../../core/sandbox/index.ts';
import { formatted, root } from '../../generate/formatted.ts';
import type { Cell } from '../matrix/matrix.ts';
import type { RotationCounts } from '../rotations/run.ts';
import type { SoakReport } from '../soak/program.ts';
import { renderReport } from './readme.ts';

/** What a full run stores in results.json. */
export interface FaultResults {
  /** YYYY-MM-DD */
  readonly date: string;
  readonly environment: string;
  readonly problems: readonly string[];
  readonly matrix: {
    /** By name of the row. */
    readonly rows: Readonly<Record<string, Readonly<Record<SandboxPartner, Cell>>>>;
    readonly outputsScanned: number;
  };
  readonly rotations: RotationCounts;
  readonly soak: SoakReport;
  /** Runs by target. */
  readonly fuzz: { readonly seed: number; readonly runs: Readonly<Record<string, number>> };
  readonly canary: {
    readonly outputsScanned: number;
    readonly secrets: number;
    readonly leaks: number;
    readonly privateStores: number;
  };
}

const resultsPath = 'test/faults/results.json';
const reportPath = 'test/faults/README.md';

export async function readResults(): Promise<FaultResults> {
  return JSON.parse(await readFile(join(root, resultsPath), 'utf8')) as FaultResults;
}

/** README.md as prettier formats it. */
export const formattedReport = (results: FaultResults): Promise<string> => formatted(reportPath, renderReport(results));

export async function writeReport(results: FaultResults): Promise<void> {
  await writeFile(join(root, reportPath), await formattedReport(results));
}

/** Writes results.json, and README.md from it. */
export async function writeResults(results: FaultResults): Promise<void> {
  await writeFile(join(root, resultsPath), await formatted(resultsPath, JSON.stringify(results)));
  await writeReport(results);
}
