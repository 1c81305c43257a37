import { cipherOf, type CheckedProfile, type SecretRecord } from '../../core/profiles/index.ts';
import type { App, RunningSandbox } from '../model/app.ts';
import { newSandboxId, sandboxProfiles } from '../model/sandbox-profiles.ts';
import { signIn } from './sign-in.ts';
import { runCommand, saveProfile, takenIds } from './run-command.ts';

/**
 * Starts the sandbox as its profile in the settings describes it, or adds a profile with its key and credentials, and
 * offers to sign in. Neither a profile nor a secret that exists is replaced without confirmation.
 */
export async function startSandbox(app: App): Promise<void> {
  const { t, ui, profiles, sandbox } = app;
  await runCommand(app, { label: t('Sandbox') }, 'startSandbox', async () => {
    const running = (await sandbox.running()) ?? (await start(app));
    const port = Number(new URL(running.profile.baseUrl).port);
    const existing = sandboxProfiles(profiles.list()).find((candidate) => candidate.port === port)?.profile;
    const profile = existing ?? (await saveProfile(app, { ...running.profile, id: newSandboxId(await takenIds(app)) }));
    if (profile === undefined || !(await storeSecrets(app, profile, running))) return;
    await profiles.activate(profile.id);
    const signInButton = t('Sign In');
    const chosen = await ui.ask(
      t('The sandbox partner is running at {0}. Its profile {1} is ready.', running.profile.baseUrl, profile.label),
      signInButton,
    );
    if (chosen === signInButton) await signIn(app, profile);
  });
}

/**
 * Starts the sandbox for the first of its profiles whose port is free: another window may run one for the others. Without
 * such a profile, it starts on any free port.
 */
async function start({ log, profiles, sandbox, sessions }: App): Promise<RunningSandbox> {
  for (const { profile, port } of sandboxProfiles(profiles.list())) {
    try {
      const { key, iv, credentials } = (await (await sessions.store(profile)).secrets()) ?? {};
      const cipher = key === undefined ? undefined : cipherOf(profile, key, iv);
      const { partnerCode } = profile;
      const running = await sandbox.start({ port, account: { partnerCode, cipher, credentials } });
      if (running !== undefined) return running;
    } catch {
      // Such as the secrets of a window that this one cannot see: a profile of its own does not depend on them.
      log.debug(`The stored secrets of ${profile.label} could not be read.`);
    }
  }
  const running = await sandbox.start({ port: 0 });
  if (running === undefined) throw new Error('The sandbox could not be started.');
  return running;
}

/** Stores what is missing of the sandbox's secrets. Resolves false if the user does not want others to be replaced. */
async function storeSecrets(app: App, profile: CheckedProfile, running: RunningSandbox): Promise<boolean> {
  const { t, ui, sessions } = app;
  const store = await sessions.store(profile);
  const stored = await store.secrets();
  const { key, iv, credentials } = running;
  // A record that is stored but not returned belongs to another address.
  const isForeign = stored === undefined && (await app.stored.ids()).includes(profile.id);
  if (isForeign || (stored !== undefined && !isPartOf(stored, running))) {
    const replace = t('Replace');
    const question = t('Replace the secrets of the profile {0}?', profile.label);
    const detail = t('Its stored key or login fields are not those of the sandbox. This cannot be undone.');
    if ((await ui.confirm(question, detail, replace)) !== replace) return false;
  }
  await store.update((record) => ({
    ...record,
    key,
    ...(iv !== undefined && { iv }),
    credentials: { ...record.credentials, ...credentials },
  }));
  return true;
}

function isPartOf(stored: SecretRecord, { key, iv, credentials }: RunningSandbox): boolean {
  const isEqual = (value: string | undefined, expected: string | undefined): boolean =>
    value === undefined || value === expected;
  return (
    isEqual(stored.key, key) &&
    // Without a fixed IV, one that is still stored has no effect and is kept.
    (iv === undefined || isEqual(stored.iv, iv)) &&
    Object.entries(stored.credentials ?? {}).every(([name, value]) => isEqual(value, credentials[name]))
  );
}
