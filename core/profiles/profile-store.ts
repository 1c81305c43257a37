import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, statSync, watch } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { PartnerAuthError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { withFileLock } from '../stores/file-lock.ts';
import { newerRecordError } from '../stores/store-errors.ts';
import { isTombstone, type StoredRecord } from '../stores/stored-record.ts';
import type { TokenStore } from '../stores/token-store.ts';
import type { CheckedProfile } from './profile.ts';
import type { Storage } from './profile-status.ts';
import { parseSecretRecord, type SecretRecord } from './secret-record.ts';
import type { SecretStore } from './secret-store.ts';
import { compareWithSummary, parseSummary, summaryOf, type SessionSummary } from './session-summary.ts';

export type RecordChange = (record: SecretRecord) => SecretRecord;

/** Where the secrets of one profile are kept; also the session's own store. */
export interface ProfileStore extends TokenStore {
  secrets(): Promise<SecretRecord | undefined>;
  /** Changes the record under the store's lock. */
  update(change: RecordChange): Promise<void>;
  /**
   * The same store for a session that is about to sign in: `change` is made to the record together with the first token set
   * that is written, so that there is never a session without its key.
   */
  forSignIn(change: RecordChange): TokenStore;
  /** Forgets everything: session, key and credentials. */
  forget(): Promise<void>;
  summary(): SessionSummary | undefined;
  readonly storage: Storage;
  onDidChange(listener: () => void): () => void;
  dispose(): void;
}

export interface ProfileStoreOptions {
  readonly secrets: SecretStore;
  /** Folder of summaries and locks, shared by all windows. */
  readonly folder: string;
  readonly log: Logger;
  /** Whether this machine was found to lose secrets. */
  readonly secretsAreVolatile: () => boolean;
}

/** How long the secrets of another window may take to arrive here, in ms, before they count as out of reach. */
const arrival = 2_000;
/** Epoch ms. The window read its secrets when it opened, which is a little before its extension host started. */
const windowOpened = performance.timeOrigin - 5_000;

/** One profile's secrets in the secret store, with a lock and a summary without secrets on disk. */
export async function openProfileStore(profile: CheckedProfile, options: ProfileStoreOptions): Promise<ProfileStore> {
  const { secrets, folder, log, secretsAreVolatile } = options;
  const { id, origin, label } = profile;
  const key = `profile:${id}`;
  const file = join(folder, `${createHash('sha256').update(id).digest('hex').slice(0, 24)}.json`);
  // Without it nothing can be kept, which the lock will report to its caller; the rest of the window continues.
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(() =>
    log.error(`The folder ${folder} could not be created.`),
  );
  const listeners = new Set<() => void>();
  let summary = readSummary();
  /** What this window wrote last. */
  let ownSummary: string | undefined;
  let behind = false;
  let lost = false;

  const notify = (): void => {
    for (const listener of listeners) listener();
  };
  const onChange = (): void => {
    summary = readSummary();
    if (summary?.sessionId === undefined) behind = lost = false;
    notify();
  };
  const stops: (() => void)[] = [];
  const stop = secrets.onDidChange?.((changed) => {
    if (changed === key) onChange();
  });
  if (stop !== undefined) stops.push(stop);
  try {
    const watcher = watch(folder, { persistent: false }, (_event, name) => {
      if (name === null || name === basename(file)) onChange();
    });
    watcher.on('error', () => watcher.close());
    stops.push(() => watcher.close());
  } catch {
    // Without it the summary is read again whenever the store is used.
  }

  function readSummary(): SessionSummary | undefined {
    try {
      return parseSummary(readFileSync(file, 'utf8'));
    } catch {
      return undefined;
    }
  }

  /** When the summary was written, epoch ms. */
  function summaryTime(): number {
    return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  }

  async function writeSummary(next: SessionSummary): Promise<void> {
    const temporary = `${file}.${randomUUID()}.tmp`;
    ownSummary = JSON.stringify(next);
    await writeFile(temporary, ownSummary, { mode: 0o600 });
    await rename(temporary, file);
    summary = next;
  }

  /** The record of this profile and origin; a damaged one is kept under another name, so that signing in can start again. */
  async function load({ signingOut = false } = {}): Promise<SecretRecord | undefined> {
    const text = await secrets.get(key);
    if (text === undefined || text === '') return undefined;
    const parsed = parseSecretRecord(text);
    switch (parsed.kind) {
      case 'record':
        // Secrets that were given for one server never go to another.
        return parsed.record.origin === origin ? parsed.record : undefined;
      case 'newer':
        // Only signing out may change what a newer version wrote, and nothing of it but the session.
        if (signingOut) return JSON.parse(text) as SecretRecord;
        throw newerRecordError(`The secret storage of ${label}`, parsed.version);
      case 'invalid':
        await secrets.set(`${key}:damaged`, text);
        await secrets.delete(key);
        log.error(`${label}: what was stored is damaged (${parsed.problem}) and was set aside. Sign in again.`);
        return undefined;
    }
  }

  async function save(record: SecretRecord): Promise<void> {
    await secrets.set(key, JSON.stringify(record));
  }

  const lock: TokenStore['lock'] = (fn, lockOptions) => withFileLock(`${file}.lock`, fn, lockOptions);
  const blank = (): SecretRecord => ({ version: 1, origin });

  /** Compares what this window sees with the summary, which all windows see. */
  function compare(session: StoredRecord | undefined): StoredRecord | undefined {
    summary = readSummary();
    const own = summary?.origin === origin ? summary : undefined;
    if (own !== undefined && own.sessionId === undefined && session !== undefined && !isTombstone(session)) {
      // Signed out in another window, which this one has not been notified of.
      if (summaryTime() >= session.tokens.issuedAt) return { version: 1, signedOutAt: summaryTime() };
    }
    const same = compareWithSummary(session, own) === 'same';
    // What another window has written since this one opened can be out of its reach, and is there after a reload.
    const foreign = JSON.stringify(own) !== ownSummary && summaryTime() > windowOpened;
    const elsewhere = !same && foreign && !secretsAreVolatile();
    const changed = behind !== elsewhere || lost !== (!same && !elsewhere);
    behind = elsewhere;
    lost = !same && !elsewhere;
    if (changed) notify();
    return lost ? undefined : session;
  }

  async function read(): Promise<StoredRecord | undefined> {
    const start = performance.now();
    for (;;) {
      const session = compare((await load())?.session);
      if (!behind) return session;
      if (performance.now() - start > arrival) break;
      await wait(100);
    }
    throw new PartnerAuthError(
      'store',
      `Another window has newer tokens of ${label}. Reload this window to use them.`,
      { setting: 'window', retryable: false },
    );
  }

  async function write(session: StoredRecord, change: RecordChange = (record) => record): Promise<void> {
    const before = change((await load({ signingOut: isTombstone(session) })) ?? blank());
    if (isTombstone(session)) await writeSummary(summaryOf(session, origin));
    await save({ ...before, session });
    if (!isTombstone(session)) await writeSummary(summaryOf(session, origin));
    behind = lost = false;
  }

  async function clear(): Promise<void> {
    const record = await load({ signingOut: true });
    if (record === undefined) return;
    const { session: _, ...rest } = record;
    await save(rest);
  }

  function onDidChange(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  return {
    read,
    write: (session) => write(session),
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
          await write(session, isTombstone(session) ? undefined : pending);
          if (!isTombstone(session)) pending = undefined;
        },
      };
    },
    update: (change) => lock(async () => save(change((await load()) ?? blank()))),
    forget: () =>
      lock(async () => {
        await secrets.delete(key);
        await secrets.delete(`${key}:damaged`);
        await rm(file, { force: true });
        summary = undefined;
      }),
    summary: () => (lost ? undefined : summary),
    get storage(): Storage {
      if (behind) return 'behind';
      return lost || secretsAreVolatile() ? 'windowOnly' : 'kept';
    },
    dispose() {
      for (const end of stops) end();
    },
  };
}
