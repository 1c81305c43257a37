import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, statSync, watch } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { SecretStorage } from 'vscode';
import type { Owned } from '../model/app.ts';
import { PartnerAuthError, withFileLock, type Logger, type StoredRecord } from '../../core/index.ts';
import { compareWithMark, markOf, parseMark, type SessionMark } from '../model/mark.ts';
import type { CheckedProfile } from '../model/profile.ts';
import type { Storage } from '../model/profile-status.ts';
import { parseSecretRecord, type SecretRecord } from '../model/secret-record.ts';
import type { ProfileStore } from '../model/sessions.ts';

export interface StoreHost {
  readonly secrets: SecretStorage;
  /** Folder of marks and locks, shared by all windows. */
  readonly folder: string;
  readonly log: Logger;
  /** Whether this machine was found to lose secrets. */
  readonly losesSecrets: () => boolean;
}

/** How long the secrets of another window may take to arrive here, in ms, before they count as out of reach. */
const arrival = 2_000;
/** Epoch ms. The window read its secrets when it opened, which is a little before its extension host started. */
const windowOpened = performance.timeOrigin - 5_000;

/** One profile's secrets in SecretStorage, with a lock and a mark without secrets on disk. */
export async function openProfileStore(profile: CheckedProfile, host: StoreHost): Promise<ProfileStore> {
  const { secrets, folder, log } = host;
  const { id, origin, label } = profile;
  const key = `profile:${id}`;
  const file = join(folder, `${createHash('sha256').update(id).digest('hex').slice(0, 24)}.json`);
  // Without it nothing can be kept, which the lock will say to whoever wants that; the rest of the window goes on.
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(() =>
    log.error(`The folder ${folder} could not be made.`),
  );

  const listeners = new Set<() => void>();
  let mark = readMark();
  let brought: ((record: SecretRecord) => SecretRecord) | undefined;
  /** What this window has written last. */
  let ownMark: string | undefined;
  let behind = false;
  let lost = false;
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const announce = (): void => {
    mark = readMark();
    if (mark?.sessionId === undefined) behind = lost = false;
    tell();
  };
  const disposables: Owned[] = [
    secrets.onDidChange((change) => {
      if (change.key === key) announce();
    }),
  ];
  try {
    const watcher = watch(folder, { persistent: false }, (_event, name) => {
      if (name === null || name === basename(file)) announce();
    });
    watcher.on('error', () => watcher.close());
    disposables.push({ dispose: () => watcher.close() });
  } catch {
    // Without it the mark is read again whenever the store is used.
  }

  function readMark(): SessionMark | undefined {
    try {
      return parseMark(readFileSync(file, 'utf8'));
    } catch {
      return undefined;
    }
  }

  /** When the mark was written, epoch ms. */
  function markTime(): number {
    return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  }

  async function writeMark(next: SessionMark): Promise<void> {
    const temporary = `${file}.${randomUUID()}.tmp`;
    ownMark = JSON.stringify(next);
    await writeFile(temporary, ownMark, { mode: 0o600 });
    await rename(temporary, file);
    mark = next;
  }

  /** The record of this profile and origin; junk is kept under another key, so that signing in can start anew. */
  async function load(): Promise<SecretRecord | undefined> {
    const text = await secrets.get(key);
    if (text === undefined || text === '') return undefined;
    const record = parseSecretRecord(text);
    if ('problem' in record) {
      await secrets.store(`${key}:damaged`, text);
      await secrets.delete(key);
      log.error(`${label}: what was stored is damaged (${record.problem}) and was set aside. Sign in again.`);
      return undefined;
    }
    // Secrets that were given for one server never go to another.
    return record.origin === origin ? record : undefined;
  }

  async function save(record: SecretRecord): Promise<void> {
    await secrets.store(key, JSON.stringify(record));
  }

  const lock: ProfileStore['lock'] = (fn, options) => withFileLock(`${file}.lock`, fn, options);
  const blank = (): SecretRecord => ({ version: 1, origin });

  /** Compares what this window sees with the mark, which all windows see. */
  function compare(session: StoredRecord | undefined): StoredRecord | undefined {
    mark = readMark();
    const own = mark?.origin === origin ? mark : undefined;
    if (own !== undefined && own.sessionId === undefined && session !== undefined && 'tokens' in session) {
      // Signed out in another window, whose word has not come here.
      if (markTime() >= session.tokens.issuedAt) return { version: 1, signedOutAt: markTime() };
    }
    const same = compareWithMark(session, own) === 'same';
    // What another window has written since this one opened can be out of its reach, and is there after a reload.
    const foreign = JSON.stringify(own) !== ownMark && markTime() > windowOpened;
    const elsewhere = !same && foreign && !host.losesSecrets();
    const changed = behind !== elsewhere || lost !== (!same && !elsewhere);
    behind = elsewhere;
    lost = !same && !elsewhere;
    if (changed) tell();
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

  return {
    read,
    async write(record) {
      let before = (await load()) ?? blank();
      if ('tokens' in record && brought !== undefined) {
        before = brought(before);
        brought = undefined;
      }
      if ('signedOutAt' in record) await writeMark(markOf(record, origin));
      await save({ ...before, session: record });
      if (!('signedOutAt' in record)) await writeMark(markOf(record, origin));
      behind = lost = false;
    },
    async clear() {
      const record = await load();
      if (record === undefined) return;
      const { session: _, ...rest } = record;
      await save(rest);
    },
    lock,
    async secrets() {
      await read();
      return load();
    },
    bring(change) {
      brought = change;
    },
    update: (change) => lock(async () => save(change((await load()) ?? blank()))),
    forget: () =>
      lock(async () => {
        await secrets.delete(key);
        await secrets.delete(`${key}:damaged`);
        await rm(file, { force: true });
        mark = undefined;
      }),
    mark: () => (lost ? undefined : mark),
    get storage(): Storage {
      if (behind) return 'behind';
      return lost || host.losesSecrets() ? 'windowOnly' : 'kept';
    },
    onDidChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispose() {
      for (const disposable of disposables) disposable.dispose();
    },
  };
}
