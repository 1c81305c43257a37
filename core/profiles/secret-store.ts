import { PartnerAuthError } from '../lib/errors.ts';

/** Stores secrets by name, one record per profile. */
export interface SecretStore {
  /** Whether other open windows do not see what this one stores until they are reloaded. Default false. */
  readonly isIsolated?: boolean;
  /** Undefined if nothing is stored under this name. */
  get(name: string): Promise<string | undefined>;
  set(name: string, text: string): Promise<void>;
  delete(name: string): Promise<void>;
  /** The names under which something is stored. */
  names(): Promise<readonly string[]>;
  /** Calls `listener` with the name that any window has set or deleted. Returns an unsubscribe function. */
  onDidChange?(listener: (name: string) => void): () => void;
}

/**
 * The same store, which rejects with a `PartnerAuthError` of code `store` and setting `keyring.read` or `keyring.write`.
 * The store's own errors are dropped, because they may contain a secret.
 */
export function withKeyringErrors(store: SecretStore): SecretStore {
  const call = async <T>(access: 'read' | 'write', result: () => Promise<T>): Promise<T> => {
    try {
      return await result();
    } catch {
      const message = `The keyring of this machine could not be ${access === 'read' ? 'read' : 'written'}. Unlock it or set one up, then try again.`;
      throw new PartnerAuthError('store', message, { setting: `keyring.${access}` });
    }
  };
  return {
    get: (name) => call('read', async () => store.get(name)),
    set: (name, text) => call('write', async () => store.set(name, text)),
    delete: (name) => call('write', async () => store.delete(name)),
    names: () => call('read', async () => store.names()),
    ...(store.isIsolated !== undefined && { isIsolated: store.isIsolated }),
    ...(store.onDidChange !== undefined && {
      onDidChange: (listener) => store.onDidChange?.(listener) ?? (() => undefined),
    }),
  };
}
