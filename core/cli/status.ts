import type { OfferedProfile } from '../broker/index.ts';
import type { CheckedProfile, ProfileStatus } from '../profiles/index.ts';
import type { FileProfiles, StoreMode } from '../profiles/files/index.ts';
import { isPartnerAuthError, type PartnerAuthError } from '../index.ts';
import { duration, isoTime, localTime } from './terminal/times.ts';

/** What is known about a profile without asking its partner. */
export interface Status {
  readonly profile: Pick<CheckedProfile, 'id' | 'label' | 'partner' | 'baseUrl' | 'definition'>;
  /** Who has the session. */
  readonly source: 'commandLine' | 'editor';
  readonly status: ProfileStatus;
  readonly store: StoreMode | undefined;
  /** Why the stored session cannot be read. */
  readonly problem?: PartnerAuthError;
}

export async function statusOf(files: FileProfiles, profile: CheckedProfile): Promise<Status> {
  const pool = await files.pool();
  let store: StoreMode | undefined;
  try {
    store = await files.storeMode(profile.id);
    // The status of a session that cannot be read is that of none.
    await pool.assertReadable(profile);
    return { profile, source: 'commandLine', status: pool.status(profile), store };
  } catch (error) {
    if (!isPartnerAuthError(error)) throw error;
    return { profile, source: 'commandLine', status: pool.status(profile), store, problem: error };
  }
}

export function editorStatus({ status, problem, ...profile }: OfferedProfile): Status {
  return { profile, source: 'editor', status, store: undefined, ...(problem !== undefined && { problem }) };
}

/** Whether `token` would print one, as far as is known without asking the partner. */
export function canHaveToken({ status, problem }: Status, now: number): boolean {
  if (problem !== undefined) return false;
  if (status.phase === 'ended') return (status.accessExpiresAt ?? 0) > now;
  return status.phase !== 'signedOut';
}

/** The commands that help, the most useful first. */
export function nextCommands({ profile: { id }, source, status, problem }: Status): readonly string[] {
  if (problem !== undefined) return [];
  const login = source === 'editor' ? [] : [`partner-auth login ${id}`];
  switch (status.phase) {
    case 'signedOut':
      return login;
    case 'ended':
      return status.refused === true ? [`partner-auth refresh ${id}`, ...login] : login;
    case 'valid':
    case 'due':
    case 'expired':
      return [];
  }
}

export function statusJson(known: Status, now: number): object {
  const { profile, source, status, store, problem } = known;
  const { phase, refreshing, account, issuedAt, issuedBy, accessExpiresAt, refreshExpiresAt, refused } = status;
  const error = problem ?? status.lastError;
  return {
    version: 1,
    profile: profile.id,
    label: profile.label,
    partner: profile.partner,
    baseUrl: profile.baseUrl,
    phase,
    hasToken: canHaveToken(known, now),
    refreshing,
    account: account ?? null,
    issuedAt: time(issuedAt),
    issuedBy: issuedBy ?? null,
    expiresAt: time(accessExpiresAt),
    signInAgainAt: time(refreshExpiresAt),
    refused: refused ?? false,
    unencrypted: status.unencrypted ?? false,
    store: store ?? null,
    source,
    next: nextCommands(known),
    ...(error !== undefined && { error: error.toJSON() }),
  };
}

function time(value: number | undefined): string | null {
  return value === undefined ? null : isoTime(value);
}

/** The state in a few words. */
export function stateText({ status, problem }: Status, now: number): string {
  if (problem !== undefined) return 'cannot be read';
  const { phase, accessExpiresAt, refused } = status;
  const left = accessExpiresAt === undefined ? '' : ` for ${duration(accessExpiresAt - now)}`;
  switch (phase) {
    case 'signedOut':
      return 'signed out';
    case 'valid':
      return `valid${left}`;
    case 'due':
      return `valid${left}, refreshed with the next call`;
    case 'expired':
      return 'expired, refreshed with the next call';
    case 'ended':
      return refused === true ? 'ended: refused by the partner' : 'ended: sign in again';
  }
}

const storeTexts: Readonly<Record<StoreMode, string>> = {
  keyring: 'encrypted, with a key in the keyring',
  key: 'encrypted, with the key in PARTNER_AUTH_STORE_KEY',
  plain: 'in plain text, readable by this user only',
};

/** The rows of one profile in full. */
export function statusRows(known: Status, now: number): readonly (readonly [string, string])[] {
  const { profile, source, status, store, problem } = known;
  const { account, accessExpiresAt, refreshExpiresAt, lastError } = status;
  const at = (value: number | undefined): string =>
    value === undefined
      ? 'unknown: the partner does not report it'
      : `${value > now ? 'in' : 'since'} ${duration(value - now)}, on ${localTime(value)}`;
  const isSignedIn = problem === undefined && status.phase !== 'signedOut';
  const error = problem ?? lastError;
  return [
    ['Profile', profile.label === profile.id ? profile.id : `${profile.id} (${profile.label})`],
    ['Partner', `${profile.definition.label}, ${profile.baseUrl}`],
    ['State', stateText(known, now)],
    ...(isSignedIn
      ? ([
          ['Account', account ?? 'unknown'],
          ['Token expires', at(accessExpiresAt)],
          ['Sign in again', at(refreshExpiresAt)],
        ] as const)
      : []),
    ...(status.unencrypted === true
      ? ([['Connection', 'not encrypted: anyone on its network can read passwords and tokens']] as const)
      : []),
    ...(store === undefined ? [] : ([['Stored', storeTexts[store]]] as const)),
    ...(source === 'editor' ? ([['Profile of', 'VS Code: sign in, sign out and edit it there']] as const) : []),
    ...(error === undefined ? [] : ([['Last error', error.message]] as const)),
    ...nextCommands(known).map((command, index) => [index === 0 ? 'Run' : 'or', command] as const),
  ];
}
