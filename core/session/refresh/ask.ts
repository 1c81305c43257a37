import type { TokenResult } from '../../exchange/partner-calls.ts';
import { isLost, type Lock, type RefreshContext } from './refresh-context.ts';

/** ms before the same refresh token is sent again after an attempt whose outcome is unknown. */
const inDoubtDelays = [250, 1_000, 4_000];

interface Outcome {
  readonly result: Exclude<TokenResult, { loginId: string }>;
  /** One of the attempts may have been acted on. */
  readonly doubt: boolean;
}

/** Asks the partner, again with the same refresh token while it is unknown whether the question arrived. */
export async function askUntilClear(
  { calls, log, clock, timeout }: RefreshContext,
  refreshToken: string,
  held: Lock,
): Promise<Outcome | 'lockLost'> {
  const deadline = clock.monotonic() + timeout * 2;
  let doubt = false;
  for (let attempt = 0; ; attempt++) {
    // A process that hung (or slept) must not send what a sibling has replaced meanwhile.
    if (await isLost(held)) return 'lockLost';
    const left = deadline - clock.monotonic();
    const result = await calls.refresh(refreshToken, { timeout: Math.max(1, Math.min(timeout, left)) });
    if ('loginId' in result) return { result: { error: result.error, inDoubt: false }, doubt };
    if ('tokens' in result || isOther(result.replacement?.refreshToken, refreshToken)) return { result, doubt };
    const delay = inDoubtDelays[attempt];
    if (!result.inDoubt || delay === undefined || clock.monotonic() + delay >= deadline) {
      return { result, doubt: doubt || result.inDoubt };
    }
    doubt = true;
    log.warn(`The outcome of a refresh is unknown (${result.error.code}); asking again with the same refresh token.`);
    await clock.wait(delay);
  }
}

export function isOther(fresh: string | undefined, sent: string): boolean {
  return fresh !== undefined && fresh !== sent;
}
