import type { SecretStorage } from 'vscode';
import type { SecretStore } from '../../core/profiles/index.ts';

/** Adapts VS Code's SecretStorage to the store of profile secrets. */
export function secretStorageStore(secrets: SecretStorage): SecretStore {
  return {
    get: async (name) => secrets.get(name),
    set: async (name, value) => secrets.store(name, value),
    delete: async (name) => secrets.delete(name),
    onDidChange(listener) {
      const subscription = secrets.onDidChange(({ key }) => listener(key));
      return () => void subscription.dispose();
    },
  };
}

/** The ids of the profiles that have a record, also a damaged one. Empty if secret storage is not available. */
export async function storedProfileIds(secrets: SecretStorage): Promise<readonly string[]> {
  const names = await Promise.resolve(secrets.keys()).catch(() => []);
  return names.flatMap((name) => /^profile:([^:]+)/.exec(name)?.[1] ?? []);
}
