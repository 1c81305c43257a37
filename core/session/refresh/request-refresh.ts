import type { PartnerCalls, TokenResult } from '../../exchange/partner-calls.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { HeldLock } from '../../stores/token-store.ts';
import { isLost } from '../session-replica.ts';

export interface RequestParts {
  readonly calls: PartnerCalls;
  readonly clock: Clock;
  readonly log: Logger;
  /** Total deadline of one exchange, ms; a refresh takes twice that at most. */
  readonly timeout: number;
}

/** ms before the same refresh token is sent again after an attempt whose outcome is unknown. */
const inDoubtDelays = [250, 1_000, 4_000];

interface Outcome {
  readonly result: Exclude<TokenResult, { kind: 'codeRequired' }>;
  /** The partner may have acted on one of the attempts. */
  readonly doubt: boolean;
}

/** Asks the partner, again with the same refresh token while it is unknown whether the request arrived. */
export async function requestUntilClear(
  { calls, log, clock, timeout }: RequestParts,
  refreshToken: string,
  held: HeldLock,
): Promise<Outcome | 'lockLost'> {
  const deadline = clock.monotonic() + timeout * 2;
  let doubt = false;
  for (let attempt = 0; ; attempt++) {
    // A process that hung (or slept) must not send what a sibling has replaced meanwhile.
    if (await isLost(held)) return 'lockLost';
    const left = deadline - clock.monotonic();
    const result = await calls.refresh(refreshToken, { timeout: Math.max(1, Math.min(timeout, left)) });
    switch (result.kind) {
      case 'codeRequired':
        return { result: { kind: 'failed', error: result.error, inDoubt: false }, doubt };
      case 'tokens':
        return { result, doubt };
      case 'failed': {
        if (isOther(result.replacement?.refreshToken, refreshToken)) return { result, doubt };
        const delay = inDoubtDelays[attempt];
        if (!result.inDoubt || delay === undefined || clock.monotonic() + delay >= deadline) {
          return { result, doubt: doubt || result.inDoubt };
        }
        doubt = true;
        log.warn(
          `The outcome of a refresh is unknown (${result.error.code}); trying again with the same refresh token.`,
        );
        await clock.wait(delay);
      }
    }
  }
}

export function isOther(fresh: string | undefined, sent: string): boolean {
  return fresh !== undefined && fresh !== sent;
}
