import { window } from 'vscode';
import { offerToForget } from '../commands/forget.ts';
import type { App, Disposable } from '../model/app.ts';
import type { ProfileSettings } from './profile-settings.ts';

/** Offers to forget what is stored for a profile when it leaves the settings, in the window that has the focus. */
export function watchRemovedProfiles(app: App, profiles: ProfileSettings): Disposable {
  let before = profiles.list();
  return profiles.onDidChange(() => {
    // An invalid profile is still in the settings.
    const saved = new Set(profiles.ids());
    const removed = before.filter(({ id }) => !saved.has(id));
    before = [
      ...profiles.list(),
      ...before.filter(({ id }) => saved.has(id) && !profiles.list().some((kept) => kept.id === id)),
    ];
    if (window.state.focused) void offerToForget(app, ...removed);
  });
}
