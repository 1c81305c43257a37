/** Where secrets are kept: one record per profile, under a name of its own. */
export interface SecretStore {
  /** Undefined if nothing is stored under this name. */
  get(name: string): Promise<string | undefined>;
  set(name: string, text: string): Promise<void>;
  delete(name: string): Promise<void>;
  /** Calls back with the name that was set or deleted, by any window. Returns an unsubscribe function. */
  onDidChange?(listener: (name: string) => void): () => void;
}
