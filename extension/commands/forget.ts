import type { CheckedProfile } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { keyringCanary } from '../model/ids.ts';
import type { Remainder } from '../model/sign-out-messages.ts';
import { runCommand } from './run-command.ts';
import { deleteTokens, deleteTokensOf, reportRemainders } from './sign-out.ts';

/** Offers to forget what is stored for profiles that were removed from the settings by hand. One question for all of them. */
export async function offerToForget(app: App, ...removed: readonly CheckedProfile[]): Promise<void> {
  const { t, ui, profiles, sessions, stored } = app;
  const ids = await stored.ids().catch((): readonly string[] => []);
  const left = removed.filter(({ id }) => ids.includes(id));
  const [first] = left;
  if (first === undefined) return;
  const question =
    left.length === 1
      ? t(
          'The profile {0} ({1}) is no longer in your settings. Forget its session, key and password too?',
          first.label,
          first.id,
        )
      : t(
          '{0} profiles are no longer in your settings: {1}. Forget their sessions, keys and passwords too?',
          left.length,
          left.map(({ label, id }) => `${label} (${id})`).join(', '),
        );
  const forget = t('Forget');
  if ((await ui.ask(question, forget, t('Keep'))) !== forget) return;
  const remainders: (Remainder | undefined)[] = [];
  for (const profile of left) {
    // It may have been added again meanwhile.
    if (profiles.list().some(({ id }) => id === profile.id)) continue;
    await runCommand(app, profile, 'removeProfile', async () => {
      remainders.push(await deleteTokens(app, profile));
      await (await sessions.store(profile)).forget();
      ui.showStatusMessage(t('What was stored for {0} was forgotten.', profile.label));
    });
  }
  await sessions.keepOnly(profiles.list());
  reportRemainders(app, remainders);
}

/** Signs out of every profile, and deletes all secrets, including those of profiles that are no longer in the settings. */
export async function forgetEverything(app: App): Promise<void> {
  const { t, ui, profiles, sessions, stored } = app;
  await runCommand(app, { label: t('Partner Auth') }, 'forgetEverything', async () => {
    const list = profiles.list();
    const signedIn = list.filter((profile) => sessions.status(profile).phase !== 'signedOut');
    const confirmed = t('Forget Everything');
    const question = t('Forget every session, key and password?');
    if ((await ui.confirm(question, await whatIsForgotten(app, signedIn), confirmed)) !== confirmed) return;
    // What cannot be signed out of is forgotten nevertheless.
    const { remainders } = await deleteTokensOf(app, signedIn);
    await sessions.keepOnly([]);
    await stored.forgetAll({ listed: list.map(({ id }) => id), except: [keyringCanary] });
    await Promise.all(list.map((profile) => sessions.load(profile)));
    ui.showStatusMessage(t('Every session, key and password was forgotten.'));
    reportRemainders(app, remainders);
  });
}

async function whatIsForgotten({ t, profiles, stored }: App, signedIn: readonly CheckedProfile[]): Promise<string> {
  // Without a keyring, the rest can be named and deleted all the same.
  const ids = await stored.ids().catch((): readonly string[] => []);
  const list = profiles.list();
  const labels = (some: readonly CheckedProfile[]): string => some.map(({ label }) => label).join(', ');
  const withSecrets = list.filter(({ id }) => ids.includes(id));
  const others = ids.filter((id) => !profiles.ids().includes(id));
  return [
    ...(signedIn.length === 0 ? [] : [t('You will be signed out of {0}.', labels(signedIn))]),
    ...(withSecrets.length === 0
      ? []
      : [t('The keys, passwords and other login fields of {0} will be deleted.', labels(withSecrets))]),
    ...(others.length === 0
      ? []
      : [t('So will what is stored for profiles that are no longer in your settings: {0}.', others.join(', '))]),
    t('The profiles stay in your settings. This cannot be undone.'),
  ].join('\n');
}
