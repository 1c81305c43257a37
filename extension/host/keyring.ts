import { randomUUID } from 'node:crypto';
import type { Memento, SecretStorage } from 'vscode';

const name = 'keyring-canary';

/**
 * Whether this machine forgets secrets when a window closes, as it does without a working keyring, and without saying so.
 * A random value was left in both the secret storage and the plain state: if the plain one is there and the secret one is
 * not, secrets do not last here. The first window on a machine can not know yet.
 */
export async function losesSecrets(secrets: SecretStorage, state: Memento): Promise<boolean> {
  const expected = state.get<string>(name);
  const found = await secrets.get(name);
  if (expected !== undefined && found === expected) return false;
  const canary = randomUUID();
  await secrets.store(name, canary);
  await state.update(name, canary);
  return expected !== undefined;
}
