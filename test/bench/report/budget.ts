import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What must not get worse, with room for noise: figures of the bench by name, and what `npm test` checks itself. */
export interface Budget {
  readonly atLeast: Readonly<Record<string, number>>;
  readonly atMost: Readonly<Record<string, number>>;
}

export function readBudget(): Budget {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../budget.json'), 'utf8')) as Budget;
}

/** One line for each figure beyond its limit. */
export function overBudget(figures: Readonly<Record<string, number>>, budget: Budget = readBudget()): string[] {
  return Object.entries(figures).flatMap(([name, value]) => {
    const { [name]: least = -Infinity } = budget.atLeast;
    const { [name]: most = Infinity } = budget.atMost;
    if (value < least) return [`${name} is ${value.toPrecision(3)}, the least allowed is ${least}.`];
    return value > most ? [`${name} is ${value.toPrecision(3)}, the most allowed is ${most}.`] : [];
  });
}
