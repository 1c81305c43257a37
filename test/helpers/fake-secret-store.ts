import type { SecretRecord, SecretStore } from '../../core/profiles/index.ts';

export interface FakeSecretStore extends SecretStore {
  /** What is stored, by name. */
  readonly texts: Map<string, string>;
  /** The records of profiles, by profile id. */
  records(): ReadonlyMap<string, SecretRecord>;
}

const prefix = 'profile:';

/** A secret store in memory, as VS Code's: whoever listens is notified of every change. */
export function fakeSecretStore(): FakeSecretStore {
  const texts = new Map<string, string>();
  const listeners = new Set<(name: string) => void>();
  const notify = (name: string): void => {
    for (const listener of listeners) listener(name);
  };
  return {
    texts,
    records() {
      const profiles = [...texts].filter(([name]) => name.startsWith(prefix));
      return new Map(profiles.map(([name, text]) => [name.slice(prefix.length), JSON.parse(text) as SecretRecord]));
    },
    get: async (name) => texts.get(name),
    async set(name, text) {
      texts.set(name, text);
      notify(name);
    },
    async delete(name) {
      if (texts.delete(name)) notify(name);
    },
    onDidChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
