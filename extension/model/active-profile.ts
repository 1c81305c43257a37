import type { CheckedProfile } from '../../core/profiles/index.ts';

/** What decides which profile the commands and the status item of a window use. */
export interface ActiveProfileFacts {
  readonly profiles: readonly CheckedProfile[];
  /** What the user has selected in this workspace. */
  readonly selection: Selection | undefined;
  /** The setting `partnerAuth.profile` of the user. */
  readonly userSetting: unknown;
  /** The same setting of the workspace or its folder, which a repository may contain. */
  readonly workspaceSetting: unknown;
  /** False in Restricted Mode. */
  readonly isTrusted: boolean;
  readonly decisions: readonly Decision[];
}

export interface Selection {
  readonly id: string;
  /** The profile that the settings stated at that time. The selection applies until they state another one. */
  readonly instead: string | undefined;
}

/** Whether the workspace may select a profile. Not valid for a profile that was moved to another origin. */
export interface Decision {
  readonly id: string;
  readonly origin: string;
  readonly allowed: boolean;
}

export interface ActiveProfile {
  readonly profile: CheckedProfile | undefined;
  /** The id that the settings state, if any. */
  readonly setting: string | undefined;
  /** The profile that the workspace selects, until the user has decided. */
  readonly undecided: CheckedProfile | undefined;
  /** The id that the settings state, if the user has no such profile. */
  readonly missing: string | undefined;
}

/** Chooses among the user's own profiles. Without a choice, the first one is active. */
export function activeProfile(facts: ActiveProfileFacts): ActiveProfile {
  const { profiles, selection, isTrusted, decisions } = facts;
  const find = (id: string | undefined) => profiles.find((profile) => profile.id === id);
  const ofWorkspace = isTrusted ? idFrom(facts.workspaceSetting) : undefined;
  const ofUser = idFrom(facts.userSetting);
  const setting = ofWorkspace ?? ofUser;
  const selected = find(selection?.id);
  const result = (profile: CheckedProfile | undefined, undecided?: CheckedProfile): ActiveProfile => ({
    profile,
    setting,
    undecided,
    missing: find(setting) === undefined ? setting : undefined,
  });

  if (selected !== undefined && selection?.instead === setting) return result(selected);
  const otherwise = selected ?? find(ofUser) ?? profiles[0];
  const wanted = find(setting);
  if (wanted === undefined) return result(otherwise);
  if (ofWorkspace === undefined) return result(wanted);
  const decision = decisions.find(({ id, origin }) => id === wanted.id && origin === wanted.origin);
  if (decision === undefined) return result(otherwise, wanted);
  return result(decision.allowed ? wanted : otherwise);
}

function idFrom(setting: unknown): string | undefined {
  return typeof setting === 'string' && setting !== '' ? setting : undefined;
}
