import { storedReport } from '../../helpers/stored-report.ts';
import type { Measurement } from './part.ts';
import { renderReport } from './readme.ts';

export interface PartResult {
  readonly machine: string;
  /** YYYY-MM-DD */
  readonly date: string;
  readonly measurement: Measurement;
}

/** The last result of each part, by its name. */
export type Results = Readonly<Record<string, PartResult>>;

export const benchReport = storedReport<Results>('test/bench', renderReport);

/** The samples with four significant digits, which is all that is stored. */
export function rounded(measurement: Measurement): Measurement {
  return JSON.parse(
    JSON.stringify(measurement, (_, value: unknown) =>
      typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value,
    ),
  ) as Measurement;
}
