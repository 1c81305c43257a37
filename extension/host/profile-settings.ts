import { ConfigurationTarget, EventEmitter, workspace, type Memento } from 'vscode';
import {
  parsePartners,
  parseProfiles,
  type CheckedProfile,
  type Profile,
  type ProfileProblem,
} from '../../core/profiles/index.ts';
import type { Disposable, Profiles } from '../model/app.ts';
import { settings } from '../model/ids.ts';

const section = 'partnerAuth';
const activeKey = 'activeProfile';

export interface ProfileSettings extends Profiles, Disposable {
  problems(): readonly ProfileProblem[];
  /** The ids in the settings, also of profiles that are not valid. */
  savedIds(): readonly string[];
  readonly onDidChange: (listener: () => void) => Disposable;
}

/**
 * Profiles from the user settings. A workspace cannot add or change one: the setting has application scope, and only the
 * user's value is ever read.
 */
export function profileSettings(workspaceState: Memento): ProfileSettings {
  const changed = new EventEmitter<void>();
  let parsed = parse();
  const listener = workspace.onDidChangeConfiguration((change) => {
    const isAffected = [settings.profiles, settings.partners].some((name) =>
      change.affectsConfiguration(`${section}.${name}`),
    );
    if (!isAffected) return;
    parsed = parse();
    changed.fire();
  });

  function userValue(name: string = settings.profiles): unknown {
    return workspace.getConfiguration(section).inspect(name)?.globalValue;
  }

  function parse() {
    const { known, problems } = parsePartners(userValue(settings.partners));
    const result = parseProfiles(userValue(), known);
    return { known, profiles: result.profiles, problems: [...problems, ...result.problems] };
  }

  async function writeProfiles(list: readonly unknown[]): Promise<void> {
    await workspace.getConfiguration(section).update(settings.profiles, list, ConfigurationTarget.Global);
    parsed = parse();
    changed.fire();
  }

  const entries = (): readonly unknown[] => {
    const value = userValue();
    return Array.isArray(value) ? (value as unknown[]) : [];
  };
  const idOf = (entry: unknown): string | undefined => {
    const { id } = (typeof entry === 'object' && entry !== null ? entry : {}) as { id?: unknown };
    return typeof id === 'string' ? id : undefined;
  };
  const hasId = (entry: unknown, id: string): boolean => idOf(entry) === id;

  return {
    onDidChange: changed.event,
    list: (): readonly CheckedProfile[] => parsed.profiles,
    partners: () => parsed.known,
    problems: () => parsed.problems,
    savedIds: () => entries().flatMap((entry) => idOf(entry) ?? []),
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
      const exists = list.some((entry) => hasId(entry, profile.id));
      await writeProfiles(
        exists ? list.map((entry) => (hasId(entry, profile.id) ? profile : entry)) : [...list, profile],
      );
    },
    remove: (id) => writeProfiles(entries().filter((entry) => !hasId(entry, id))),
    dispose() {
      listener.dispose();
      changed.dispose();
    },
  };
}
