/** Stores secrets by name, one record per profile. */
export interface SecretStore {
  /** Undefined if nothing is stored under this name. */
  get(name: string): Promise<string | undefined>;
  set(name: string, text: string): Promise<void>;
  delete(name: string): Promise<void>;
  /** Calls `listener` with the name that any window has set or deleted. Returns an unsubscribe function. */
  onDidChange?(listener: (name: string) => void): () => void;
}
