import type { SecretRecord, SecretStore } from '../../core/profiles/index.ts';

export interface FakeSecretStore extends SecretStore {
  /** The stored strings, by name. */
  readonly entries: Map<string, string>;
  /** The records of the profiles, by profile id. */
  records(): ReadonlyMap<string, SecretRecord>;
}

const prefix = 'profile:';

/** An in-memory secret store that, like VS Code's, notifies every listener of every change. */
export function fakeSecretStore(): FakeSecretStore {
  const entries = new Map<string, string>();
  const listeners = new Set<(name: string) => void>();
  const notify = (name: string): void => {
    for (const listener of listeners) listener(name);
  };
  return {
    entries,
    records() {
      const records = [...entries].filter(([name]) => name.startsWith(prefix));
      return new Map(records.map(([name, value]) => [name.slice(prefix.length), JSON.parse(value) as SecretRecord]));
    },
    get: async (name) => entries.get(name),
    async set(name, value) {
      entries.set(name, value);
      notify(name);
    },
    async delete(name) {
      if (entries.delete(name)) notify(name);
    },
    onDidChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
