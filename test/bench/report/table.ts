import { median, spread } from '../measure/statistics.ts';

/** A Markdown table. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** A time with three digits and the unit that fits. */
export function formatTime(ns: number): string {
  for (const [unit, size] of [
    ['s', 1e9],
    ['ms', 1e6],
    ['µs', 1e3],
  ] as const) {
    if (ns >= size) return `${formatNumber(ns / size)} ${unit}`;
  }
  return `${formatNumber(ns)} ns`;
}

export function formatBytes(count: number): string {
  if (Math.abs(count) >= 1024 * 1024) return `${formatNumber(count / 1024 / 1024)} MiB`;
  return Math.abs(count) >= 1024 ? `${formatNumber(count / 1024)} KiB` : `${Math.round(count)} B`;
}

export function formatNumber(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2);
}

export const ratio = (value: number): string => `${value >= 10 ? value.toFixed(0) : value.toFixed(2)}x`;

/** Median time with the spread over the rounds: `3.12 µs ±4 %`. */
export function formatTimes(samples: readonly number[], unit = 1): string {
  const ns = median(samples) * unit;
  return samples.length < 2 || ns === 0 ? formatTime(ns) : `${formatTime(ns)} ±${Math.round(spread(samples) / 2)} %`;
}
