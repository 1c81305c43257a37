import { median, spread, type Comparison } from '../measure/statistics.ts';

/** A time in the unit that fits. */
export function formatTime(ns: number): string {
  for (const [unit, size] of [
    ['s', 1e9],
    ['ms', 1e6],
    ['µs', 1e3],
  ] as const) {
    if (ns >= size) return `${formatNumber(ns / size)} ${unit}`;
  }
  return ns === 0 ? '0' : `${formatNumber(ns)} ns`;
}

export function formatBytes(count: number): string {
  if (Math.abs(count) >= 1024 * 1024) return `${formatNumber(count / 1024 / 1024)} MiB`;
  return Math.abs(count) >= 1024 ? `${formatNumber(count / 1024)} KiB` : `${Math.round(count)} B`;
}

/** An integer as it is, another number with three digits. */
export const formatNumber = (value: number): string =>
  Number.isInteger(value) ? String(value) : formatThreeDigits(value);

function formatThreeDigits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** The median with its spread: `3.12 µs ±4 %`. `unit` is that of the samples in ns. */
export function formatTimes(samples: readonly number[], unit = 1): string {
  const ns = median(samples) * unit;
  return samples.length < 2 || ns === 0 ? formatTime(ns) : `${formatTime(ns)} ${formatSpread(samples)}`;
}

const formatSpread = (samples: readonly number[]): string => `±${Math.round(spread(samples))} %`;

/** `2.00x faster`, `2.00x slower` or `equal`. */
export function formatComparison({ speed, verdict }: Comparison): string {
  const factor = formatThreeDigits(speed < 1 ? 1 / speed : speed);
  return verdict === 'equal' ? verdict : `${factor}x ${verdict}`;
}

/** `2.00x faster than b` or `equal to b`. */
export function formatRelation(comparison: Comparison, name: string): string {
  return `${formatComparison(comparison)} ${comparison.verdict === 'equal' ? 'to' : 'than'} ${name}`;
}

/** A comparison of paired speeds with their spread: `2.00x faster ±4 %`. */
export function formatPaired(comparison: Comparison, speeds: readonly number[]): string {
  return speeds.length < 2 ? formatComparison(comparison) : `${formatComparison(comparison)} ${formatSpread(speeds)}`;
}

/** The lowest and the highest of speeds: `0.98–1.02`. */
export const formatRange = (speeds: readonly number[]): string =>
  `${formatThreeDigits(Math.min(...speeds))}–${formatThreeDigits(Math.max(...speeds))}`;

/** `a, b and c`. */
export function formatList(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** `1 connection`, `2 connections`. */
export const formatCount = (count: number, noun: string): string =>
  `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`;

/** `faster than a and b, equal to c, slower than d`. */
export function formatComparisons(comparisons: readonly (readonly [name: string, comparison: Comparison])[]): string {
  const groups = [
    ['faster', 'faster than'],
    ['equal', 'equal to'],
    ['slower', 'slower than'],
  ] as const;
  return groups
    .map(([verdict, words]) => {
      const names = comparisons.filter(([, comparison]) => comparison.verdict === verdict).map(([name]) => name);
      return names.length === 0 ? '' : `${words} ${formatList(names)}`;
    })
    .filter((group) => group !== '')
    .join(', ');
}
