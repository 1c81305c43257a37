const secrets = new WeakMap<object, readonly string[]>();

/** Lets a user of `owner`, such as the session of a store, hide the secrets that it holds. No property shows them. */
export function registerSecrets(owner: object, values: readonly string[]): void {
  secrets.set(owner, values);
}

export function secretsOf(owner: object): readonly string[] {
  return secrets.get(owner) ?? [];
}
