import { ConfigurationTarget, EventEmitter, workspace, type Memento } from 'vscode';
import type { Owned, Profiles } from '../model/app.ts';
import { settings } from '../model/ids.ts';
import { parseProfiles, type CheckedProfile, type Profile, type ProfileProblem } from '../model/profile.ts';

const section = 'partnerAuth';
const activeKey = 'activeProfile';

export interface ProfileSettings extends Profiles, Owned {
  problems(): readonly ProfileProblem[];
  readonly onDidChange: (listener: () => void) => Owned;
}

/**
 * Profiles from the user's own settings. A workspace can not add or change one: the setting has application scope, and only
 * the user's value is ever looked at.
 */
export function profileSettings(workspaceState: Memento): ProfileSettings {
  const changed = new EventEmitter<void>();
  let parsed = parseProfiles(own());
  const listener = workspace.onDidChangeConfiguration((change) => {
    if (!change.affectsConfiguration(`${section}.${settings.profiles}`)) return;
    parsed = parseProfiles(own());
    changed.fire();
  });

  function own(): unknown {
    return workspace.getConfiguration(section).inspect(settings.profiles)?.globalValue;
  }

  async function store(list: readonly unknown[]): Promise<void> {
    await workspace.getConfiguration(section).update(settings.profiles, list, ConfigurationTarget.Global);
    parsed = parseProfiles(own());
    changed.fire();
  }

  const entries = (): readonly unknown[] => {
    const value = own();
    return Array.isArray(value) ? (value as unknown[]) : [];
  };
  const hasId = (entry: unknown, id: string): boolean =>
    typeof entry === 'object' && entry !== null && (entry as { id?: unknown }).id === id;

  return {
    onDidChange: changed.event,
    list: (): readonly CheckedProfile[] => parsed.profiles,
    problems: () => parsed.problems,
    active() {
      const id = workspaceState.get<string>(activeKey);
      return parsed.profiles.find((profile) => profile.id === id) ?? parsed.profiles[0];
    },
    async activate(id) {
      await workspaceState.update(activeKey, id);
      changed.fire();
    },
    async save(profile: Profile) {
      const list = entries();
      const known = list.some((entry) => hasId(entry, profile.id));
      await store(known ? list.map((entry) => (hasId(entry, profile.id) ? profile : entry)) : [...list, profile]);
    },
    remove: (id) => store(entries().filter((entry) => !hasId(entry, id))),
    dispose() {
      listener.dispose();
      changed.dispose();
    },
  };
}
