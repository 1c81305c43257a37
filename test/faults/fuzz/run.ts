import { fuzzLive } from './live.ts';
import { properties } from './properties.ts';

export interface FuzzResult {
  readonly name: string;
  readonly runs: number;
  readonly problem?: string;
}

/** All properties; `part` of their runs, at least 300 each. */
export async function fuzz(
  part: number,
  seed: number,
  only: (name: string) => boolean = () => true,
): Promise<FuzzResult[]> {
  const results: FuzzResult[] = [];
  for (const { name, runs: all, check } of properties.filter((property) => only(property.name))) {
    const runs = Math.max(300, Math.round(all * part));
    results.push({ name, runs, ...problemOf(() => check(runs, seed)) });
    // So that an unhandled rejection shows here and not later.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const live = 'a live session';
  if (only(live)) {
    const runs = Math.max(90, Math.round(6_000 * part));
    try {
      const { rejections } = await fuzzLive(runs, seed);
      results.push({ name: live, runs, ...(rejections > 0 && { problem: `${rejections} unhandled rejections` }) });
    } catch (error) {
      results.push({ name: live, runs, problem: String(error) });
    }
  }
  return results;
}

function problemOf(run: () => void): { problem?: string } {
  try {
    run();
    return {};
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? ` ${error.cause.message}` : '';
    return { problem: `${String(error).slice(0, 2_000)}${cause}` };
  }
}
