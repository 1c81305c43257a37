import { ConfigurationTarget, EventEmitter, window, workspace, type Memento, type WorkspaceFolder } from 'vscode';
import { parsePartners, parseProfiles, type CheckedProfile, type Profile } from '../../core/profiles/index.ts';
import { activeProfile, type ActiveProfile, type Decision, type Selection } from '../model/active-profile.ts';
import type { Disposable, Profiles } from '../model/app.ts';
import { settings } from '../model/ids.ts';

const section = 'partnerAuth';
const selectionKey = 'selectedProfile';
const decisionsKey = 'workspaceProfiles';

/** The settings that are lists of objects with an id. */
type ListSetting = typeof settings.profiles | typeof settings.partners;

export interface ProfileSettings extends Profiles, Disposable {
  /** The profile that the workspace selects, until the user has decided whether it may. */
  undecided(): CheckedProfile | undefined;
  /** The id that the settings select, if there is no such profile. */
  missing(): string | undefined;
  decide(profile: CheckedProfile, allowed: boolean): Promise<void>;
  readonly onDidChange: (listener: () => void) => Disposable;
}

/**
 * Profiles from the user settings. A workspace cannot add or change one: the setting has application scope, and only the
 * user's value is ever read. It can only select one of them, with the user's consent.
 */
export function profileSettings(workspaceState: Memento): ProfileSettings {
  const changed = new EventEmitter<void>();
  let parsed = parse();
  let folder: WorkspaceFolder | undefined;
  let active = choose();
  const listeners = [
    workspace.onDidChangeConfiguration((change) => {
      const isAffected = (name: string): boolean => change.affectsConfiguration(`${section}.${name}`);
      if (isAffected(settings.profiles) || isAffected(settings.partners)) update(parse());
      else if (isAffected(settings.profile)) updateActive();
    }),
    workspace.onDidGrantWorkspaceTrust(updateActive),
    // The folders of one window may select different profiles.
    window.onDidChangeActiveTextEditor(updateActive),
    workspace.onDidChangeWorkspaceFolders(updateActive),
  ];

  function userValue(name: ListSetting): unknown {
    return workspace.getConfiguration(section).inspect(name)?.globalValue;
  }

  function parse() {
    const { known, problems } = parsePartners(userValue(settings.partners));
    const result = parseProfiles(userValue(settings.profiles), known);
    return { known, profiles: result.profiles, problems: [...problems, ...result.problems] };
  }

  function choose(): ActiveProfile {
    const editor = window.activeTextEditor;
    const folders = workspace.workspaceFolders ?? [];
    // An editor outside of all folders, such as one of the log, changes nothing.
    folder =
      (editor && workspace.getWorkspaceFolder(editor.document.uri)) ??
      folders.find(({ uri }) => uri.toString() === folder?.uri.toString()) ??
      folders[0];
    const setting = workspace.getConfiguration(section, folder?.uri ?? null).inspect(settings.profile);
    return activeProfile({
      profiles: parsed.profiles,
      selection: workspaceState.get<Selection>(selectionKey),
      userSetting: setting?.globalValue,
      workspaceSetting: setting?.workspaceFolderValue ?? setting?.workspaceValue,
      isTrusted: workspace.isTrusted,
      decisions: workspaceState.get<readonly Decision[]>(decisionsKey) ?? [],
    });
  }

  function update(next: typeof parsed): void {
    parsed = next;
    active = choose();
    changed.fire();
  }

  function updateActive(): void {
    const before = active;
    active = choose();
    if (active.profile !== before.profile || active.undecided !== before.undecided || active.missing !== before.missing)
      changed.fire();
  }

  async function write(name: ListSetting, list: readonly unknown[]): Promise<void> {
    const before = userValue(name);
    // What the user has written there would be lost.
    if (before !== undefined && before !== null && !Array.isArray(before))
      throw new TypeError(`The setting ${section}.${name} is not a list.`);
    // A write replaces the whole list, with the comments in it.
    if (JSON.stringify(list) === JSON.stringify(entries(name))) return;
    await workspace.getConfiguration(section).update(name, list, ConfigurationTarget.Global);
    update(parse());
  }

  const entries = (name: ListSetting): readonly unknown[] => {
    const value = userValue(name);
    return Array.isArray(value) ? (value as unknown[]) : [];
  };
  const idsOf = (name: ListSetting): readonly string[] => entries(name).flatMap((entry) => idOf(entry) ?? []);
  const idOf = (entry: unknown): string | undefined => {
    const { id } = (typeof entry === 'object' && entry !== null ? entry : {}) as { id?: unknown };
    return typeof id === 'string' ? id : undefined;
  };

  return {
    onDidChange: changed.event,
    list: (): readonly CheckedProfile[] => parsed.profiles,
    ids: () => idsOf(settings.profiles),
    partners: () => parsed.known,
    partnerIds: () => idsOf(settings.partners),
    problems: () => parsed.problems,
    active: () => active.profile,
    undecided: () => active.undecided,
    missing: () => active.missing,
    async activate(id) {
      const { id: before, instead } = workspaceState.get<Selection>(selectionKey) ?? {};
      if (id === before && instead === active.setting) return;
      await workspaceState.update(selectionKey, { id, instead: active.setting } satisfies Selection);
      updateActive();
    },
    async decide({ id, origin }, allowed) {
      const others = (workspaceState.get<readonly Decision[]>(decisionsKey) ?? []).filter((other) => other.id !== id);
      await workspaceState.update(decisionsKey, [...others, { id, origin, allowed }] satisfies Decision[]);
      updateActive();
    },
    async save(profile: Profile) {
      const list = entries(settings.profiles);
      const exists = list.some((entry) => idOf(entry) === profile.id);
      await write(
        settings.profiles,
        exists ? list.map((entry) => (idOf(entry) === profile.id ? profile : entry)) : [...list, profile],
      );
    },
    async remove(id) {
      await write(
        settings.profiles,
        entries(settings.profiles).filter((entry) => idOf(entry) !== id),
      );
    },
    addPartner: (definition) => write(settings.partners, [...entries(settings.partners), definition]),
    dispose() {
      for (const listener of listeners) listener.dispose();
      changed.dispose();
    },
  };
}
