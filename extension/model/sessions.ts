import {
  openSession,
  PartnerAuthError,
  type AuthExchange,
  type Logger,
  type PartnerSession,
  type TokenStore,
} from '../../core/index.ts';
import type { SessionMark } from './mark.ts';
import { cipherOf, connectionOf, type CheckedProfile } from './profile.ts';
import { statusOfMark, statusOfSession, type ProfileStatus, type Storage } from './profile-status.ts';
import type { SecretRecord } from './secret-record.ts';

/** Where the secrets of one profile are kept; also the session's own store. */
export interface ProfileStore extends TokenStore {
  secrets(): Promise<SecretRecord | undefined>;
  /** Changes the record under the store's lock. */
  update(change: (record: SecretRecord) => SecretRecord): Promise<void>;
  /**
   * What the next session that is written brings along, so that there is never a session without its key; undefined when
   * none will come after all.
   */
  bring(change: ((record: SecretRecord) => SecretRecord) | undefined): void;
  /** Forgets everything: session, key and credentials. */
  forget(): Promise<void>;
  mark(): SessionMark | undefined;
  readonly storage: Storage;
  onDidChange(listener: () => void): () => void;
  dispose(): void;
}

export interface SessionPorts {
  readonly openStore: (profile: CheckedProfile) => Promise<ProfileStore>;
  readonly readFile: (path: string) => Promise<string>;
  readonly log: Logger;
  readonly autoRefresh: () => boolean;
  /** Seconds. */
  readonly refreshMargin: () => number;
  readonly now: () => number;
}

export interface KeyMaterial {
  readonly key?: string | undefined;
  readonly iv?: string | undefined;
}

interface Entry {
  readonly profile: CheckedProfile;
  readonly store: ProfileStore;
  session?: Promise<PartnerSession>;
  opened?: PartnerSession;
  readonly stop: () => void;
}

/** The sessions of all profiles, each opened only when something needs its secrets. */
export class Sessions {
  readonly #ports: SessionPorts;
  readonly #entries = new Map<string, Promise<Entry>>();
  readonly #ready = new Map<string, Entry>();
  readonly #listeners = new Set<(profileId: string) => void>();
  readonly #exchanges = new Map<string, AuthExchange>();

  constructor(ports: SessionPorts) {
    this.#ports = ports;
  }

  onDidChange(listener: (profileId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Loads what is known without secrets, so that `status()` can tell. */
  async load(profile: CheckedProfile): Promise<void> {
    await this.#entry(profile);
  }

  status(profile: CheckedProfile): ProfileStatus {
    const entry = this.#ready.get(profile.id);
    if (entry === undefined || !sameConnection(entry.profile, profile)) {
      return { phase: 'signedOut', refreshing: false, storage: 'kept' };
    }
    const { storage } = entry.store;
    if (entry.opened !== undefined) return statusOfSession(entry.opened.status, storage);
    const mark = entry.store.mark();
    const own = mark?.origin === profile.origin ? mark : undefined;
    return statusOfMark(own, this.#ports.now(), this.#ports.refreshMargin() * 1000, storage);
  }

  /** The last login, refresh or logout of a profile in this window, masked. */
  lastExchange(profileId: string): AuthExchange | undefined {
    return this.#exchanges.get(profileId);
  }

  async store(profile: CheckedProfile): Promise<ProfileStore> {
    return (await this.#entry(profile)).store;
  }

  /** The profile's session, opened with the key from its store. */
  async open(profile: CheckedProfile): Promise<PartnerSession> {
    const entry = await this.#entry(profile);
    entry.session ??= this.#openSession(entry).catch((error: unknown) => {
      delete entry.session;
      throw error;
    });
    return entry.session;
  }

  /** Opens the session anew with other key material than the stored one, after the present one has finished its work. */
  async reopen(profile: CheckedProfile, material: KeyMaterial): Promise<PartnerSession> {
    const entry = await this.#entry(profile);
    await this.release(profile);
    const opening = this.#openSession(entry, material);
    entry.session = opening.catch((error: unknown) => {
      delete entry.session;
      throw error;
    });
    return entry.session;
  }

  /** Closes the profile's session; the next call opens it anew with the stored key. */
  async release(profile: CheckedProfile): Promise<void> {
    const entry = await this.#entry(profile);
    const { opened, session } = entry;
    delete entry.opened;
    delete entry.session;
    await (opened ?? (await session?.catch(() => undefined)))?.close();
    this.#announce(profile.id);
  }

  /** Closes the sessions of profiles that are gone or have changed. */
  async keepOnly(profiles: readonly CheckedProfile[]): Promise<void> {
    for (const [id, entry] of this.#ready) {
      const current = profiles.find((profile) => profile.id === id);
      if (current === undefined || !sameConnection(current, entry.profile)) await this.#drop(id);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#ready.keys()].map((id) => this.#drop(id)));
  }

  async #entry(profile: CheckedProfile): Promise<Entry> {
    const present = await this.#entries.get(profile.id);
    if (present !== undefined && sameConnection(present.profile, profile)) return present;
    if (present !== undefined) await this.#drop(profile.id);
    const known = this.#entries.get(profile.id);
    if (known !== undefined) return known;
    const loading = this.#load(profile);
    this.#entries.set(profile.id, loading);
    return loading;
  }

  async #load(profile: CheckedProfile): Promise<Entry> {
    const store = await this.#ports.openStore(profile);
    const entry: Entry = { profile, store, stop: store.onDidChange(() => this.#announce(profile.id)) };
    this.#ready.set(profile.id, entry);
    return entry;
  }

  async #openSession(entry: Entry, material?: KeyMaterial): Promise<PartnerSession> {
    const { profile, store } = entry;
    const { key, iv } = material ?? (await store.secrets()) ?? {};
    if (
      profile.cipher !== undefined &&
      (key === undefined || (profile.cipher.iv.from === 'fixed' && iv === undefined))
    ) {
      throw new PartnerAuthError('configuration', `The key of ${profile.label} is not stored. Sign in to enter it.`, {
        setting: 'cipher.key',
      });
    }
    const session = await openSession({
      ...connectionOf(profile),
      cipher: cipherOf(profile, key, iv),
      ca: profile.caFile === undefined ? undefined : await this.#readCa(profile.caFile),
      store,
      refreshMargin: this.#ports.refreshMargin(),
      autoRefresh: this.#ports.autoRefresh(),
      logger: named(this.#ports.log, profile.label),
      globalAgent: true,
    });
    entry.opened = session;
    session.on('change', () => this.#announce(profile.id));
    session.on('exchange', (exchange) => this.#exchanges.set(profile.id, exchange));
    this.#announce(profile.id);
    return session;
  }

  async #readCa(path: string): Promise<string> {
    try {
      return await this.#ports.readFile(path);
    } catch {
      throw new PartnerAuthError('configuration', `The file ${path} of caFile could not be read.`, {
        setting: 'caFile',
      });
    }
  }

  async #drop(id: string): Promise<void> {
    const entry = this.#ready.get(id);
    this.#ready.delete(id);
    this.#entries.delete(id);
    if (entry === undefined) return;
    entry.stop();
    await (entry.opened ?? (await entry.session?.catch(() => undefined)))?.close();
    entry.store.dispose();
    this.#announce(id);
  }

  #announce(profileId: string): void {
    for (const listener of this.#listeners) listener(profileId);
  }
}

function sameConnection(a: CheckedProfile, b: CheckedProfile): boolean {
  // The usual case: settings that did not change give the same objects.
  return a === b || JSON.stringify({ ...a, label: '' }) === JSON.stringify({ ...b, label: '' });
}

function named(log: Logger, label: string): Logger {
  const line = (level: keyof Logger) => (message: string) => log[level](`${label}: ${message}`);
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}
