/** The quantile (0 to 1) of at least one number, in any order, by linear interpolation. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * part;
  const below = sorted[Math.floor(position)] ?? NaN;
  const above = sorted[Math.ceil(position)] ?? NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Half the distance between the quartiles, in percent of the median. */
export function spread(values: readonly number[]): number {
  return (50 * (quantile(values, 0.75) - quantile(values, 0.25))) / median(values);
}

export interface Comparison {
  /** Above 1: so many times as fast as the reference; below 1: slower. */
  readonly speed: number;
  /** `equal` when the difference is within the measured spread. */
  readonly verdict: 'faster' | 'equal' | 'slower';
}

/** Compares times by the ratio of their medians; equal when their quartile ranges overlap. */
export function compareTimes(times: readonly number[], reference: readonly number[]): Comparison {
  return comparison(median(reference) / median(times), rangesOverlap(times, reference));
}

/** Compares speeds relative to the same reference; equal when their quartile ranges overlap. */
export function compareSpeeds(speeds: readonly number[], others: readonly number[]): Comparison {
  return comparison(median(speeds) / median(others), rangesOverlap(speeds, others));
}

/**
 * Compares by speeds that were measured in turns with the reference. Equal when their quartile range overlaps `noise`, the
 * speeds of the reference measured in turns with itself.
 */
export function comparePaired(speeds: readonly number[], noise: readonly number[]): Comparison {
  const isEqual = quantile(speeds, 0.25) <= Math.max(1, ...noise) && quantile(speeds, 0.75) >= Math.min(1, ...noise);
  return comparison(median(speeds), isEqual);
}

/** The same comparison, seen from the reference. */
export function inverse({ speed, verdict }: Comparison): Comparison {
  const verdicts = { faster: 'slower', equal: 'equal', slower: 'faster' } as const;
  return { speed: 1 / speed, verdict: verdicts[verdict] };
}

function comparison(speed: number, isEqual: boolean): Comparison {
  return { speed, verdict: isEqual ? 'equal' : speed > 1 ? 'faster' : 'slower' };
}

function rangesOverlap(a: readonly number[], b: readonly number[]): boolean {
  return quantile(a, 0.25) <= quantile(b, 0.75) && quantile(b, 0.25) <= quantile(a, 0.75);
}
