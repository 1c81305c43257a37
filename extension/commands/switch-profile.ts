import type { App, PickItem } from '../model/app.ts';
import { shortDuration } from '../view/duration.ts';
import { addProfile } from './add-profile.ts';

/** Selects the profile that the status item and the commands use in this workspace. */
export async function switchProfile(app: App): Promise<void> {
  const { t, ui, profiles, sessions, now } = app;
  const active = profiles.active();
  const items: PickItem<string | undefined>[] = profiles.list().map((profile) => {
    const { phase, accessExpiresAt } = sessions.status(profile);
    const left =
      accessExpiresAt !== undefined && accessExpiresAt > now() ? ` ${shortDuration(accessExpiresAt - now(), t)}` : '';
    const state =
      phase === 'signedOut' ? t('signed out') : phase === 'ended' ? t('sign in again') : `${t('signed in')}${left}`;
    return {
      value: profile.id,
      label: profile.label,
      description: profile.id === active?.id ? `${state} · ${t('current')}` : state,
      detail: `${profile.definition.label}, ${new URL(profile.baseUrl).host}`,
    };
  });
  const chosen = await ui.pick(t('Select a profile'), [...items, { value: '', label: `$(add) ${t('Add Profile…')}` }]);
  if (chosen === undefined) return;
  if (chosen === '') await addProfile(app);
  else await profiles.activate(chosen);
}
