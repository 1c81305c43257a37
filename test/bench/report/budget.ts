import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The worst values that are accepted, with room for noise, by name of the figure. */
export interface Budget {
  readonly atLeast: Readonly<Record<string, number>>;
  readonly atMost: Readonly<Record<string, number>>;
}

export function readBudget(): Budget {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../budget.json'), 'utf8')) as Budget;
}

/** A sentence for each figure that is outside the budget. */
export function overBudget(figures: Readonly<Record<string, number>>, budget: Budget = readBudget()): string[] {
  return Object.entries(figures).flatMap(([name, value]) => {
    const { [name]: least = -Infinity } = budget.atLeast;
    const { [name]: most = Infinity } = budget.atMost;
    if (value < least) return [`${name} is ${value.toPrecision(3)}, the budget is at least ${least}.`];
    return value > most ? [`${name} is ${value.toPrecision(3)}, the budget is at most ${most}.`] : [];
  });
}
