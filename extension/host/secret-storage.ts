import { env, UIKind, type SecretStorage } from 'vscode';
import type { SecretStore } from '../../core/profiles/index.ts';

/** In a browser, each window works with its own copy of the secrets until it is reloaded. */
export const secretsAreIsolated = env.uiKind === UIKind.Web;

/** Adapts VS Code's SecretStorage to the store of profile secrets. */
export function secretStorageStore(secrets: SecretStorage): SecretStore {
  return {
    isIsolated: secretsAreIsolated,
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
