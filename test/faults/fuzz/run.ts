import { fuzzLiveSession } from './live-session.ts';
import { properties } from './properties.ts';

export interface FuzzResult {
  readonly name: string;
  readonly runs: number;
  readonly problem?: string;
}

const liveSession = 'a live session';

export const fuzzTargets: readonly string[] = [...properties.map(({ name }) => name), liveSession];

/** Runs `share` (0 to 1) of the runs of each target, but at least 300 (90 for the live session). */
export async function fuzz(share: number, seed: number, targets = fuzzTargets): Promise<FuzzResult[]> {
  const results: FuzzResult[] = [];
  for (const { name, runs: all, check } of properties.filter((property) => targets.includes(property.name))) {
    const runs = Math.max(300, Math.round(all * share));
    results.push({ name, runs, ...problemOf(() => check(runs, seed)) });
    // An unhandled rejection surfaces here, and not during another property.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (targets.includes(liveSession)) {
    const runs = Math.max(90, Math.round(6_000 * share));
    try {
      const rejections = await fuzzLiveSession(runs, seed);
      results.push({
        name: liveSession,
        runs,
        ...(rejections > 0 && { problem: `${rejections} unhandled rejections` }),
      });
    } catch (error) {
      results.push({ name: liveSession, runs, problem: String(error) });
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
