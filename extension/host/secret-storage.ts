import type { SecretStorage } from 'vscode';
import type { SecretStore } from '../../core/profiles/index.ts';

/** The editor's SecretStorage as the store of profiles' secrets. */
export function secretStorageStore(secrets: SecretStorage): SecretStore {
  return {
    get: async (name) => secrets.get(name),
    set: async (name, text) => secrets.store(name, text),
    delete: async (name) => secrets.delete(name),
    onDidChange(listener) {
      const subscription = secrets.onDidChange(({ key }) => listener(key));
      return () => void subscription.dispose();
    },
  };
}
