import type { SecretStorage } from 'vscode';
import type { SecretStore } from '../../core/profiles/index.ts';

/** Adapts VS Code's SecretStorage to the store of profile secrets. */
export function secretStorageStore(secrets: SecretStorage): SecretStore {
  return {
    get: async (name) => secrets.get(name),
    set: async (name, value) => secrets.store(name, value),
    delete: async (name) => secrets.delete(name),
    names: async () => secrets.keys(),
    onDidChange(listener) {
      const subscription = secrets.onDidChange(({ key }) => listener(key));
      return () => void subscription.dispose();
    },
  };
}
