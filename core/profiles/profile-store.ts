import { createHash } from 'node:crypto';
import { readFileSync, statSync, watch } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { callSafely } from '../lib/call-safely.ts';
import { PartnerAuthError } from '../lib/errors.ts';
import { parseJson } from '../lib/json.ts';
import type { Logger } from '../lib/logger.ts';
import { systemErrorCode } from '../lib/system-error.ts';
import { withFileLock } from '../stores/file-lock.ts';
import { createFolder } from '../stores/files.ts';
import { newerRecordError } from '../stores/store-errors.ts';
import { isTombstone, type PlainRecord, type StoredSession } from '../stores/stored-record.ts';
import type { TokenStore, WriteOptions } from '../stores/token-store.ts';
import type { CheckedProfile } from './profile.ts';
import type { Storage } from './profile-status.ts';
import { parseSecretRecord, recordFor, type SecretRecord } from './secret-record.ts';
import { withKeyringErrors, type SecretStore } from './secret-store.ts';
import { newestOf, newRelayKey, readRelay, replaceFile, writeRelay } from './session-relay.ts';
import { compareWithSummary, parseSummary, serversOf, summaryOf, type SessionSummary } from './session-summary.ts';

export type RecordChange = (record: SecretRecord) => SecretRecord;

/** A store whose records are not encrypted where a session reads them. */
export interface SessionStore extends TokenStore {
  read(): Promise<PlainRecord | undefined>;
  write(record: PlainRecord, options?: WriteOptions): Promise<void>;
}

/** Stores the secrets of one profile, including its session. */
export interface ProfileStore extends SessionStore {
  secrets(): Promise<SecretRecord | undefined>;
  /** Applies `change` to the record under the store's lock. */
  update(change: RecordChange): Promise<void>;
  /**
   * The same store, for a session that is about to sign in. `change` is applied to the record together with the first
   * token set of the new session, so that a session is never stored without its key, nor with the key of a sign-in that failed.
   */
  forSignIn(change: RecordChange): SessionStore;
  /** Deletes everything: session, key and credentials. */
  forget(): Promise<void>;
  /** What is known about the session without reading secrets. */
  summary(): SessionSummary | undefined;
  readonly storage: Storage;
  onDidChange(listener: () => void): () => void;
  dispose(): void;
}

export interface ProfileStoreOptions {
  readonly secrets: SecretStore;
  /** The folder for summaries and locks, shared by all windows. */
  readonly folder: string;
  readonly log: Logger;
  /** Whether this machine is known not to store secrets permanently. */
  readonly secretsAreVolatile: () => boolean;
}

/** How long to wait for the secrets of another window to become visible here, in ms. */
const propagationTime = 2_000;
/** Epoch ms. A window reads its secrets when it opens, shortly before its extension host starts. */
const windowOpened = performance.timeOrigin - 5_000;

const secretPrefix = 'profile:';
const damagedSuffix = ':damaged';
const relaySuffix = '.relay';
/** The session that each window has written last to a relay file. A window has one secret store. */
const relayedBy = new WeakMap<SecretStore, Map<string, string>>();
const secretName = (id: string): string => `${secretPrefix}${id}`;
const summaryFile = (folder: string, id: string): string =>
  join(folder, `${createHash('sha256').update(id).digest('hex').slice(0, 24)}.json`);

/** What is stored for profiles, whether or not they are still in the settings. */
export interface StoredProfiles {
  /** The ids of the profiles that have stored secrets. Reads no secret. */
  ids(): Promise<readonly string[]>;
  /**
   * Deletes every secret but those named in `except`, and the summaries of all profiles but `listed`. Theirs keep a
   * sign-out visible to windows that have the session in memory and would write it back otherwise.
   *
   * @throws PartnerAuthError `store` if the secret store fails.
   */
  forgetAll(options: { readonly listed: readonly string[]; readonly except: readonly string[] }): Promise<void>;
}

export function storedProfiles({ secrets, folder }: Pick<ProfileStoreOptions, 'secrets' | 'folder'>): StoredProfiles {
  const store = withKeyringErrors(secrets);
  return {
    async ids() {
      const names = (await store.names()).filter((name) => name.startsWith(secretPrefix));
      const ids = names.map((name) => name.slice(secretPrefix.length));
      return [...new Set(ids.map((id) => (id.endsWith(damagedSuffix) ? id.slice(0, -damagedSuffix.length) : id)))];
    },
    async forgetAll({ listed, except }) {
      for (const name of await store.names()) if (!except.includes(name)) await store.delete(name);
      const kept = new Set(listed.map((id) => summaryFile(folder, id)));
      const files = (await readdir(folder).catch(() => [])).map((name) => join(folder, name));
      const isForgotten = (file: string): boolean =>
        file.endsWith(relaySuffix) || (file.endsWith('.json') && !kept.has(file));
      for (const file of files.filter(isForgotten)) await rm(file, { force: true });
    },
  };
}

/** Opens the store of one profile: secrets in the secret store, a lock and a summary without secrets on disk. */
export async function openProfileStore(profile: CheckedProfile, options: ProfileStoreOptions): Promise<ProfileStore> {
  const { folder, log, secretsAreVolatile } = options;
  const secrets = withKeyringErrors(options.secrets);
  const { id, origin, label } = profile;
  const servers = serversOf(profile);
  const key = secretName(id);
  const file = summaryFile(folder, id);
  /** Through it, windows with isolated secrets pass on sessions, encrypted with a key that is one of the secrets. */
  const relayFile = `${file}${relaySuffix}`;
  const ownSessions = relayedBy.get(options.secrets) ?? new Map<string, string>();
  relayedBy.set(options.secrets, ownSessions);
  // Without the folder nothing can be stored, which the lock reports to its caller. Everything else continues to work.
  await createFolder(folder, 0o600).catch(() => log.error(`The folder ${folder} could not be created.`));
  const listeners = new Set<() => void>();
  let summary: SessionSummary | undefined;
  summary = readSummary();
  /** The summary that this window wrote last. */
  let ownSummary: string | undefined;
  let behind = false;
  let lost = false;

  const notify = (): void => {
    for (const listener of [...listeners]) callSafely(listener);
  };
  const onChange = (): void => {
    summary = readSummary();
    if (summary?.sessionId === undefined) behind = lost = false;
    notify();
  };
  const unsubscribers: (() => void)[] = [];
  const unsubscribe = secrets.onDidChange?.((changed) => {
    if (changed === key) onChange();
  });
  if (unsubscribe !== undefined) unsubscribers.push(unsubscribe);
  try {
    const watcher = watch(folder, { persistent: false }, (_event, name) => {
      if (name === null || name === basename(file)) onChange();
    });
    watcher.on('error', () => watcher.close());
    unsubscribers.push(() => watcher.close());
  } catch {
    // Without a watcher, the summary is still read whenever the store is used.
  }

  function readSummary(): SessionSummary | undefined {
    try {
      return parseSummary(readFileSync(file, 'utf8'));
    } catch (error) {
      // On Windows, a file that another window replaces at this moment cannot be opened.
      return systemErrorCode(error) === 'ENOENT' ? undefined : summary;
    }
  }

  /** When the summary was written, epoch ms. */
  function summaryTime(): number {
    return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  }

  async function writeSummary(next: SessionSummary): Promise<void> {
    ownSummary = JSON.stringify(next);
    await replaceFile(file, ownSummary);
    summary = next;
  }

  /** The record of this profile and origin. A damaged one is renamed, so that the user can sign in again. */
  async function load({ signingOut = false } = {}): Promise<SecretRecord | undefined> {
    const text = await secrets.get(key);
    if (text === undefined || text === '') return undefined;
    const parsed = parseSecretRecord(text);
    switch (parsed.kind) {
      case 'record': {
        // Secrets of one server are never sent to another.
        const record = recordFor(origin, parsed.record);
        return record && withOwnSession(await withRelayed(record));
      }
      case 'newer':
        // Only signing out may change a record of a newer version, and only its session.
        if (signingOut) return parseJson(text) as SecretRecord;
        throw newerRecordError(`The secret storage of ${label}`, parsed.version);
      case 'invalid':
        await secrets.set(`${key}${damagedSuffix}`, text);
        await secrets.delete(key);
        log.error(`${label}: the stored record is damaged (${parsed.problem}) and was set aside. Sign in again.`);
        return undefined;
    }
  }

  /** The record without a session whose access token belongs to another server. */
  function withOwnSession(record: SecretRecord): SecretRecord {
    const { session, ...rest } = record;
    if (session === undefined || isTombstone(session)) return record;
    return (session.apiOrigin ?? session.origin) === profile.apiOrigin ? record : rest;
  }

  /** The record with the session as the window that wrote it last has left it. */
  async function withRelayed(record: SecretRecord): Promise<SecretRecord> {
    const { relayKey, session } = record;
    if (secrets.isIsolated !== true || relayKey === undefined || session === undefined) return record;
    const relayed = await readRelay(relayFile, relayKey);
    // If it is missing from the secrets of the window that wrote it, they are not what they should be.
    if (JSON.stringify(relayed) === ownSessions.get(relayFile)) return record;
    const newest = newestOf(session, relayed);
    return newest === undefined || newest === session ? record : { ...record, session: newest };
  }

  async function save(record: SecretRecord): Promise<void> {
    await secrets.set(key, JSON.stringify(record));
  }

  /** The record before a session is written: with a key for its relay, which is another one for each session. */
  function withRelayKey(record: SecretRecord, session: PlainRecord): SecretRecord {
    const { session: before, relayKey, ...rest } = record;
    if (secrets.isIsolated !== true || isTombstone(session)) return rest;
    return { ...rest, relayKey: (isSameSession(before, session) ? relayKey : undefined) ?? newRelayKey() };
  }

  async function relay({ relayKey, session }: SecretRecord): Promise<void> {
    if (secrets.isIsolated !== true || session === undefined) return;
    try {
      if (isTombstone(session)) await rm(relayFile, { force: true });
      else if (relayKey !== undefined) await writeRelay(relayFile, relayKey, session);
      ownSessions.set(relayFile, JSON.stringify(session));
    } catch {
      log.warn(`${label}: other windows must be reloaded to use this session: ${relayFile} could not be written.`);
    }
  }

  const lock: TokenStore['lock'] = (fn, lockOptions) => withFileLock(`${file}.lock`, fn, lockOptions);
  const emptyRecord = (): SecretRecord => ({ version: 1, origin });

  /** Compares the session that this window sees with the summary, which all windows see. */
  function compare(session: PlainRecord | undefined): PlainRecord | undefined {
    summary = readSummary();
    const current = summary?.origin === servers ? summary : undefined;
    if (current !== undefined && current.sessionId === undefined && (session === undefined || !isTombstone(session))) {
      // Another window has signed out, of which this one was not notified, or has deleted the record since.
      if (summaryTime() >= (session?.tokens.issuedAt ?? 0)) return { version: 1, signedOutAt: summaryTime() };
    }
    const isSame = compareWithSummary(session, current) === 'same';
    // What another window has written since this one opened may be inaccessible until this one is reloaded.
    const isFromOtherWindow = JSON.stringify(current) !== ownSummary && summaryTime() > windowOpened;
    const isElsewhere = !isSame && isFromOtherWindow && !secretsAreVolatile();
    const changed = behind !== isElsewhere || lost !== (!isSame && !isElsewhere);
    behind = isElsewhere;
    lost = !isSame && !isElsewhere;
    if (changed) notify();
    return lost ? undefined : session;
  }

  async function read(): Promise<PlainRecord | undefined> {
    const start = performance.now();
    for (;;) {
      const session = compare((await load())?.session);
      if (!behind) return session;
      if (performance.now() - start > propagationTime) break;
      await wait(100);
    }
    throw new PartnerAuthError(
      'store',
      `Another window has newer tokens of ${label}. Reload this window to use them.`,
      { setting: 'window', retryable: false },
    );
  }

  /** Applies `change` if the session is a new one. Resolves whether it is. */
  async function write(session: PlainRecord, change: RecordChange = (unchanged) => unchanged): Promise<boolean> {
    const before = (await load({ signingOut: isTombstone(session) })) ?? emptyRecord();
    // The attempt with an adopted token is written to the session before it, whose key is still the right one.
    const isNew = !isTombstone(session) && !isSameSession(before.session, session);
    const kept = withRelayKey(before, session);
    const record = { ...(isNew ? change(kept) : kept), session };
    if (isTombstone(session)) await writeSummary(summaryOf(session, servers));
    await save(record);
    // Before the summary, which makes other windows look for the session.
    await relay(record);
    if (!isTombstone(session)) await writeSummary(summaryOf(session, servers));
    behind = lost = false;
    return isNew;
  }

  async function clear(): Promise<void> {
    const record = await load({ signingOut: true });
    // Of another origin there is no session to clear.
    if (record?.session === undefined) return;
    const { session: _, ...rest } = record;
    await save(rest);
  }

  function onDidChange(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  return {
    read,
    async write(session) {
      await write(session);
    },
    clear,
    lock,
    onDidChange,
    async secrets() {
      await read();
      return load();
    },
    forSignIn(change) {
      let pending: RecordChange | undefined = change;
      return {
        read,
        clear,
        lock,
        onDidChange,
        async write(session) {
          if (await write(session, pending)) pending = undefined;
        },
      };
    },
    update: (change) =>
      lock(async () => {
        const before = (await load()) ?? emptyRecord();
        const after = change(before);
        // Every write of a secret goes through the keyring and wakes up all windows.
        if (JSON.stringify(after) !== JSON.stringify(before)) await save(after);
      }),
    forget: () =>
      lock(async () => {
        await secrets.delete(key);
        await secrets.delete(`${key}${damagedSuffix}`);
        await rm(relayFile, { force: true });
        await rm(file, { force: true });
        summary = undefined;
      }),
    summary: () => (lost ? undefined : summary),
    get storage(): Storage {
      if (behind) return 'behind';
      return lost || secretsAreVolatile() ? 'windowOnly' : 'kept';
    },
    dispose() {
      for (const unsubscribe of unsubscribers) unsubscribe();
    },
  };
}

function isSameSession(stored: PlainRecord | undefined, { sessionId }: StoredSession): boolean {
  return stored !== undefined && !isTombstone(stored) && stored.sessionId === sessionId;
}
