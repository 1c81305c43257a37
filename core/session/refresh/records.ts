import type { StoredSession } from '../../stores/stored-record.ts';
import type { TokenSet } from '../../tokens/token-set.ts';

/** The record with the next token set. */
export function nextGeneration(record: StoredSession, tokens: TokenSet): StoredSession {
  const { ended: _ended, unread: _unread, refusal: _refusal, ...live } = settled(record);
  return { ...live, generation: record.generation + 1, tokens };
}

/** The record without what an earlier refresh has left in it. */
export function settled({ intent: _intent, pause: _pause, ...record }: StoredSession): StoredSession {
  return record;
}
