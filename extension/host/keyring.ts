import type { Memento, SecretStorage } from 'vscode';
import type { App } from '../model/app.ts';
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

/** Whether this machine loses secrets, as far as it is known by now. */
export function keyringCheck(secrets: SecretStorage, state: Memento) {
  let isVolatile = false;
  return {
    isVolatile: (): boolean => isVolatile,
    /** Finds it out. Calls `onVolatile` once the sessions that were lost are known. */
    async run({ log, profiles, sessions }: App, onVolatile: () => void): Promise<void> {
      try {
        isVolatile = await detectVolatileSecrets(secrets, state);
      } catch {
        log.error('The keyring of this machine could not be used. Unlock it or set one up.');
        return;
      }
      if (!isVolatile) return;
      log.warn('This machine loses secrets when a window closes. A sign-in lasts for one window only.');
      for (const profile of profiles.list()) await (await sessions.store(profile)).read().catch(() => undefined);
      onVolatile();
    },
  };
}
