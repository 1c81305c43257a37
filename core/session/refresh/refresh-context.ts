import type { PartnerCalls } from '../../exchange/partner-calls.ts';
import type { Logger } from '../../log.ts';
import type { HeldLock, TokenStore } from '../../stores/token-store.ts';
import type { Clock } from '../time/clock.ts';
import type { Held } from '../record/newest.ts';
import type { StoredRecord, StoredSession } from '../record/record.ts';

/** What a refresh needs from the session, which stays the only owner of its own state. */
export interface RefreshContext {
  readonly calls: PartnerCalls;
  readonly store: TokenStore;
  readonly log: Logger;
  readonly clock: Clock;
  /** Total deadline of one exchange, ms; a refresh takes twice that at most. */
  readonly timeout: number;
  readonly mine: () => Held;
  /** Reads the store and refuses a record of another partner or origin. */
  readonly readStored: () => Promise<StoredRecord | undefined>;
  /** Whether the adopted token set needs a refresh. */
  readonly isDue: () => boolean;
  /** Takes a record over as the session's current one, saved or not. */
  readonly adopt: (record: StoredSession | undefined, unsaved?: boolean) => void;
}

export type Lock = HeldLock | undefined;

export async function isLost(held: Lock): Promise<boolean> {
  return held !== undefined && !(await held.stillHeld().catch(() => false));
}
