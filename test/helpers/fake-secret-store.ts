import type { SecretRecord, SecretStore } from '../../core/profiles/index.ts';

export interface FakeSecretStore extends SecretStore {
  /** The stored strings, by name. */
  readonly entries: Map<string, string>;
  /** The calls that reject, like those of a locked keyring. */
  readonly failing: Set<'get' | 'set' | 'delete'>;
  /** The records of the profiles, by profile id. */
  records(): ReadonlyMap<string, SecretRecord>;
}

const prefix = 'profile:';

/**
 * An in-memory secret store that, like VS Code's, notifies every listener of every change. With `isIsolatedCopyOf`, it is
 * that of a window in a browser, which starts with a copy of the secrets of another window.
 */
export function fakeSecretStore({
  isIsolatedCopyOf,
}: { readonly isIsolatedCopyOf?: FakeSecretStore } = {}): FakeSecretStore {
  const entries = new Map<string, string>(isIsolatedCopyOf?.entries);
  const failing: FakeSecretStore['failing'] = new Set();
  const access = (call: 'get' | 'set' | 'delete'): void => {
    if (failing.has(call)) throw new Error('Cannot autolaunch D-Bus without X11 $DISPLAY');
  };
  const listeners = new Set<(name: string) => void>();
  const notify = (name: string): void => {
    for (const listener of listeners) listener(name);
  };
  return {
    isIsolated: isIsolatedCopyOf !== undefined,
    entries,
    failing,
    records() {
      const records = [...entries].filter(([name]) => name.startsWith(prefix));
      return new Map(records.map(([name, value]) => [name.slice(prefix.length), JSON.parse(value) as SecretRecord]));
    },
    async get(name) {
      access('get');
      return entries.get(name);
    },
    async set(name, value) {
      access('set');
      entries.set(name, value);
      notify(name);
    },
    async delete(name) {
      access('delete');
      if (entries.delete(name)) notify(name);
    },
    async names() {
      access('get');
      return [...entries.keys()];
    },
    onDidChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
