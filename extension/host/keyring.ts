import type { Memento, SecretStorage } from 'vscode';
import { keyringCanary } from '../model/ids.ts';

/**
 * Resolves true if secret storage silently loses secrets when a window closes, as it does without a working keyring: plain
 * state has the note that a canary was stored, but the canary is gone. The first window on a machine cannot know yet and
 * resolves false.
 *
 * All VS Code profiles share the secrets, and each has a state of its own. So the canary is the same for all of them, and
 * none ever replaces or deletes it; otherwise a change of the VS Code profile would look like the loss of a secret.
 */
export async function detectVolatileSecrets(secrets: SecretStorage, state: Memento): Promise<boolean> {
  const wasStored = state.get(keyringCanary) !== undefined;
  const isThere = (await secrets.get(keyringCanary)) !== undefined;
  if (!isThere) await secrets.store(keyringCanary, 'stored');
  if (!wasStored) await state.update(keyringCanary, 'stored');
  return wasStored && !isThere;
}
