import type { App } from '../model/app.ts';
import { signIn } from './sign-in.ts';
import { runCommand, saveProfile } from './run-command.ts';

/** Starts the sandbox, adds a profile with its key and credentials, and offers to sign in. */
export async function startSandbox(app: App): Promise<void> {
  const { t, ui, profiles, sessions, sandbox } = app;
  await runCommand(app, { label: t('Sandbox') }, 'startSandbox', async () => {
    const { profile, key, iv, credentials } = await sandbox.start();
    const saved = await saveProfile(app, profile);
    if (saved === undefined) return;
    const store = await sessions.store(saved);
    await store.update((record) => ({ ...record, key, ...(iv !== undefined && { iv }), credentials }));
    await profiles.activate(saved.id);
    const signInButton = t('Sign In');
    const chosen = await ui.ask(
      t('The sandbox partner is running at {0}. Its profile {1} is ready.', saved.baseUrl, saved.label),
      signInButton,
    );
    if (chosen === signInButton) await signIn(app, saved);
  });
}
