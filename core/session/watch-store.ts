import { callSafely } from '../lib/call-safely.ts';
import type { Logger } from '../lib/logger.ts';
import type { TokenStore } from '../stores/token-store.ts';

/** Calls `listener` when the store reports a change. Returns an unsubscribe function. Neither ever throws. */
export function watchStore(store: TokenStore, listener: () => void, log: Logger): () => void {
  let unsubscribe: unknown;
  callSafely(
    () => (unsubscribe = store.onDidChange?.(listener)),
    () => log.warn('The store could not be watched for changes. It is read again before each refresh.'),
  );
  return () => {
    const stop = unsubscribe;
    unsubscribe = undefined;
    if (typeof stop === 'function')
      callSafely(
        () => (stop as () => unknown)(),
        () => log.warn('The store could not be unsubscribed from.'),
      );
  };
}
