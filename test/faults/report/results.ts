import type { SandboxPartner } from '../../../core/sandbox/index.ts';
import { storedReport } from '../../helpers/stored-report.ts';
import type { Cell } from '../matrix/matrix.ts';
import type { RotationCounts } from '../rotations/run.ts';
import type { SoakReport } from '../soak/program.ts';
import type { StallCounts } from '../stalls/run.ts';
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
  readonly stalls: StallCounts;
  readonly soak: SoakReport;
  /** Runs by target. */
  readonly fuzz: { readonly seed: number; readonly runs: Readonly<Record<string, number>> };
  readonly canary: {
    readonly outputsScanned: number;
    readonly secrets: number;
    readonly leaks: number;
    readonly privateStores: number;
  };
  readonly commandLine: {
    readonly outputsScanned: number;
    readonly secrets: number;
    readonly coreFiles: number;
    readonly leaks: number;
  };
}

export const faultReport = storedReport<FaultResults>('test/faults', renderReport);
