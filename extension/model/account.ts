import type { CheckedProfile } from '../../core/profiles/index.ts';

/** Same shape as VS Code's `AuthenticationSessionAccountInformation`, without importing it. */
export interface Account {
  readonly id: string;
  readonly label: string;
}

/**
 * The account of a profile. VS Code identifies the account that an extension may use by its label alone, so each label is
 * unique: neither the id of a profile nor a host contains a blank, so the end of the label names both. `name` is who is
 * signed in; without it, the label of the profile stands for it.
 */
export function accountOf(profile: CheckedProfile, name: string | undefined): Account {
  return { id: `${profile.id} @ ${profile.origin}`, label: `${name ?? profile.label}${labelEnd(profile)}` };
}

export function isAccountOf(profile: CheckedProfile, { label }: Account): boolean {
  return label.endsWith(labelEnd(profile));
}

/**
 * The name of the account that an extension has asked for. Undefined if it is an account of another profile, or of this
 * one at another server.
 */
export function requestedName(profile: CheckedProfile, account: Account): string | undefined {
  const { label } = account;
  if (isAccountOf(profile, account)) return label.slice(0, -labelEnd(profile).length);
  return / – [\w.-]{1,64} @ \S+$/.test(label) ? undefined : label;
}

function labelEnd({ id, origin }: CheckedProfile): string {
  return ` – ${id} @ ${new URL(origin).host}`;
}
