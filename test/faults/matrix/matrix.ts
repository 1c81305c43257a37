import { partnerNames } from '../../helpers/with-session.ts';
import type { SandboxPartner } from '../../../core/sandbox/index.ts';
import { answerRows } from './rows/answers.ts';
import { callRows } from './rows/calls.ts';
import { killRows } from './rows/kills.ts';
import { networkRows } from './rows/network.ts';
import { storeRows } from './rows/stores.ts';
import { timeRows } from './rows/time.ts';
import { trial, type Row } from './trial.ts';

export const rows: readonly Row[] = [
  ...networkRows,
  ...answerRows,
  ...callRows,
  ...storeRows,
  ...timeRows,
  ...killRows,
];

export interface Cell {
  trials: number;
  lost: number;
  leaked: number;
  searched: number;
  readonly wrong: Set<string>;
}

export interface RowResult {
  readonly row: Row;
  readonly cells: readonly Cell[];
}

export interface Length {
  /** Trials a cell at least; variants are repeated. */
  readonly least: number;
  /** Variants a cell at most, spread over all. */
  readonly most?: number;
}

/** Plays a row at every partner. */
export async function playRow(row: Row, length: Length): Promise<RowResult> {
  if (row.alone !== true)
    return { row, cells: await Promise.all(partnerNames.map((name) => playCell(row, name, length))) };
  const cells: Cell[] = [];
  for (const partner of partnerNames) cells.push(await playCell(row, partner, length));
  return { row, cells };
}

async function playCell(row: Row, partner: SandboxPartner, { least, most = Infinity }: Length): Promise<Cell> {
  const cell: Cell = { trials: 0, lost: 0, leaked: 0, searched: 0, wrong: new Set() };
  const variants = row.variants ?? 1;
  const chosen = Math.min(variants, most);
  for (let number = 0; number < Math.max(chosen, least); number++) {
    const variant = Math.floor(((number % chosen) * variants) / chosen);
    const outcome = await trial(row, partner, variant).catch((error: unknown) => ({
      lost: true,
      wrong: `the trial broke: ${error instanceof Error ? error.message : String(error)}`,
      leaks: [],
      searched: 0,
    }));
    cell.trials++;
    if (outcome.lost) cell.lost++;
    cell.leaked += outcome.leaks.length;
    cell.searched += outcome.searched;
    if (outcome.wrong !== undefined) cell.wrong.add(`${partner} ${variant}: ${outcome.wrong}`);
    for (const where of outcome.leaks) cell.wrong.add(`${partner} ${variant}: a secret in a ${where}`);
  }
  return cell;
}

/** What must not have happened, in words. */
export function problems({ row, cells }: RowResult): string[] {
  return cells.flatMap((cell) => [...cell.wrong].map((wrong) => `${row.name}: ${wrong}`));
}

export const head = [
  `| fault | ${partnerNames.join(' | ')} | what the user is told |`,
  `| --- |${partnerNames.map(() => ' --- |').join('')} --- |`,
];

export function line({ row, cells }: RowResult): string {
  const shown = cells.map(({ trials, lost, leaked }) => `${trials} / ${lost} / ${leaked}`);
  return `| ${[row.name, ...shown, row.told].join(' | ')} |`;
}
