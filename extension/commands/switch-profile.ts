import type { ProfileStatus } from '../../core/profiles/index.ts';
import type { App, PickItem } from '../model/app.ts';
import { shortDuration } from '../view/duration.ts';
import { addProfile } from './add-profile.ts';

/** Selects the profile that the status item and the commands use in this workspace. */
export async function switchProfile(app: App): Promise<void> {
  const { t, ui, profiles, sessions } = app;
  const active = profiles.active();
  const items: PickItem<string | undefined>[] = profiles.list().map((profile) => {
    const state = stateOf(sessions.status(profile), app);
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

function stateOf({ phase, refused, accessExpiresAt = 0 }: ProfileStatus, { t, now }: App): string {
  if (phase === 'signedOut') return t('signed out');
  if (phase === 'ended') return refused === true ? t('refused; refresh or sign in again') : t('sign in again');
  const left = accessExpiresAt - now();
  return left > 0 ? `${t('signed in')} ${shortDuration(left, t)}` : t('signed in');
}
