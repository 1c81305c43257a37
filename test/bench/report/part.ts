import type { Samples } from '../measure/fresh-process.ts';

export interface BenchOptions {
  /** Whether to run everything once and short, which shows that it runs but not how fast it is. */
  readonly quick: boolean;
}

/** Samples by name of the table, label of the row and name of the metric. */
export type Measurement = Readonly<Record<string, Samples>>;

export interface Part {
  readonly title: string;
  measure(options: BenchOptions): Promise<Measurement>;
  /** The Markdown of its section, from its samples alone. */
  render(measurement: Measurement): string;
  /** The figures that `budget.json` may limit, by the names used there. */
  figures(measurement: Measurement): Readonly<Record<string, number>>;
}

/** The samples of one metric; empty if it was not measured. */
export function samplesOf(measurement: Measurement, table: string, row: string, metric: string): readonly number[] {
  return measurement[table]?.[row]?.[metric] ?? [];
}
