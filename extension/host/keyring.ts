import { randomUUID } from 'node:crypto';
import type { Memento, SecretStorage } from 'vscode';

const name = 'keyring-canary';

/**
 * Resolves true if secret storage silently loses secrets when a window closes, as it does without a working keyring. Each
 * window leaves a random value in both secret storage and plain state: if only the plain one is still there, secrets do
 * not last. The first window on a machine cannot know yet and resolves false.
 */
export async function detectVolatileSecrets(secrets: SecretStorage, state: Memento): Promise<boolean> {
  const expected = state.get<string>(name);
  const found = await secrets.get(name);
  if (expected !== undefined && found === expected) return false;
  const canary = randomUUID();
  await secrets.store(name, canary);
  await state.update(name, canary);
  return expected !== undefined;
}
