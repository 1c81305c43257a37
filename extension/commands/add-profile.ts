import type { App } from '../model/app.ts';
import type { Probe } from '../model/connection-steps.ts';
import { answersFor, oauth2Choice, oauth2Definition } from '../model/oauth2-steps.ts';
import { profileFrom, profileSteps, sandboxChoice } from '../model/profile-steps.ts';
import { runWizard } from '../model/wizard.ts';
import { signIn } from './sign-in.ts';
import { startSandbox } from './start-sandbox.ts';
import { runCommand, saveProfile, takenIds } from './run-command.ts';

/** Creates a profile step by step, stores its key in secret storage and goes on to its sign-in. */
export async function addProfile(app: App): Promise<void> {
  const { t, ui, profiles, sessions } = app;
  const partners = profiles.partners();
  const probe: Probe = (connection, signal) => sessions.probe(connection, signal);
  const answers = await runWizard(t('Add Profile'), (given) => profileSteps(given, partners, t, probe), ui.showStep);
  if (answers === undefined) return;
  if (answers.partner === sandboxChoice) return startSandbox(app);

  const added =
    answers.partner === oauth2Choice ? oauth2Definition(answers, partners, profiles.partnerIds()) : undefined;
  const { profile, key, iv } =
    added === undefined
      ? profileFrom(answers, partners, await takenIds(app))
      : profileFrom(
          answersFor(added.definition, answers),
          { [added.definition.id]: added.definition },
          await takenIds(app),
        );
  await runCommand(app, profile, 'addProfile', async () => {
    const saved = await saveProfile(app, profile, added?.isNew === true ? added.definition : undefined);
    if (saved === undefined) return;
    const store = await sessions.store(saved);
    await store.update((record) => ({ ...record, ...(key !== undefined && { key }), ...(iv !== undefined && { iv }) }));
    await profiles.activate(saved.id);
    // Not awaited: it stays while the sign-in goes on, and after it was cancelled.
    void ui.ask(t('The profile {0} was added.', saved.label));
    await signIn(app, saved);
  });
}
