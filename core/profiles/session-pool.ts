import { isAbsolute } from 'node:path';
import type { AuthExchange } from '../exchange/auth-exchange.ts';
import { checkConnection, type ClientIdentity, type ConnectionOptions } from '../exchange/connection.ts';
import { probePartner, type ProbeResult } from '../exchange/probe.ts';
import { callSafely } from '../lib/call-safely.ts';
import { systemClock, type Clock } from '../lib/clock.ts';
import { configurationError, isPartnerAuthError, PartnerAuthError } from '../lib/errors.ts';
import { fromHome } from '../lib/home-path.ts';
import type { Logger } from '../lib/logger.ts';
import { isUnencrypted } from '../partners/base-url.ts';
import { renewalOf, type Renewal } from '../session/renewal.ts';
import { createScheduler, type Scheduler } from '../session/scheduler.ts';
import type { PartnerSession } from '../session/partner-session.ts';
import { openProfileSession } from '../session/session.ts';
import type { TokenStore } from '../stores/token-store.ts';
import { nextChange } from '../tokens/expiry.ts';
import { checkClientCertificate, type ClientCertificate } from '../transport/client-certificate.ts';
import { gotTransport } from '../transport/got-transport.ts';
import { adviceOnSecrets, passphraseVariables } from '../transport/profile-secrets.ts';
import { checkProxy, withProxyCredentials } from '../transport/proxy.ts';
import { cipherOf, connectionOf, type CheckedProfile } from './profile.ts';
import { issuerOf, stateOfSummary, statusOfSession, statusOfSummary, type ProfileStatus } from './profile-status.ts';
import type { ProfileStore, RecordChange } from './profile-store.ts';
import { serversOf, type SessionSummary } from './session-summary.ts';
import { networkSecretsOf, type NetworkSecrets, type SecretRecord } from './secret-record.ts';

/** What a `SessionPool` requires from its host. */
export interface SessionPoolPorts {
  readonly openStore: (profile: CheckedProfile) => Promise<ProfileStore>;
  readonly readFile: (path: string) => Promise<Uint8Array>;
  readonly log: Logger;
  readonly autoRefresh: () => boolean;
  /** In seconds. */
  readonly refreshMargin: () => number;
  /** A source of time, for tests. Default: the system clocks. */
  readonly clock?: Clock;
  /** Use Node's global HTTP agents, which an editor may have patched for its proxy settings. */
  readonly globalAgent: boolean;
}

/** What a session is opened with. Default of the secrets of the network: the stored ones. */
export interface KeyMaterial extends NetworkSecrets {
  readonly key?: string | undefined;
  readonly iv?: string | undefined;
  /** Of the profile's client; empty if it has none. Default: the stored one. */
  readonly clientSecret?: string | undefined;
}

type ConnectionSecrets = NetworkSecrets & Pick<SecretRecord, 'clientSecret'>;

interface Entry {
  /** The current profile: its label may change while the session is open. */
  profile: CheckedProfile;
  readonly store: ProfileStore;
  session?: PartnerSession;
  /** The sessions of sign-ins in progress. */
  readonly attempts: Set<PartnerSession>;
  /** Why the session could not be opened. */
  openError?: PartnerAuthError;
  readonly stop: () => void;
}

/** In ms. A person waits for it. */
const probeTimeout = 10_000;

/** The sessions of all profiles by id. Each is opened only when its secrets are needed. */
export class SessionPool {
  readonly #ports: SessionPoolPorts;
  readonly #entries = new Map<string, Entry>();
  /** The last task of each profile: opening and closing its session never overlap. */
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #listeners = new Set<(profileId: string) => void>();
  readonly #exchanges = new Map<string, AuthExchange>();
  readonly #clock: Clock;
  /** For the profiles whose sessions are not open. An open session has its own timer. */
  readonly #scheduler: Scheduler;
  #closed = false;

  constructor(ports: SessionPoolPorts) {
    this.#ports = ports;
    this.#clock = ports.clock ?? systemClock;
    this.#scheduler = createScheduler(
      this.#clock,
      () => this.#clock.now(),
      () => this.#onTime(),
    );
  }

  /** Calls `listener` when the status of a profile has changed, because of a call, of another process or of time. */
  onDidChange(listener: (profileId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Loads what `status()` needs, without secrets. */
  async load(profile: CheckedProfile): Promise<void> {
    await this.store(profile);
  }

  status(profile: CheckedProfile): ProfileStatus {
    const status = this.#status(profile);
    return [profile.origin, profile.apiOrigin].some(isUnencrypted) ? { ...status, unencrypted: true } : status;
  }

  #status(profile: CheckedProfile): ProfileStatus {
    const entry = this.#entries.get(profile.id);
    if (entry === undefined || !isSameConnection(entry.profile, profile)) {
      return { phase: 'signedOut', refreshing: false, storage: 'kept' };
    }
    const { storage } = entry.store;
    const summary = summaryOf(entry);
    const status =
      entry.session === undefined
        ? statusOfSummary(summary, this.#clock.now(), this.#margin(), storage, renewalIn(entry))
        : statusOfSession(entry.session.status, storage);
    const { openError } = entry;
    return {
      ...status,
      ...issuerOf(status, summary),
      ...(openError !== undefined && status.phase !== 'signedOut' && { lastError: openError }),
    };
  }

  /** Applies the current settings of the ports to the open sessions. Called when they have changed. */
  applySettings(): void {
    for (const { profile, session } of [...this.#entries.values()]) {
      session?.configure(this.#settings());
      // Also without a session: the phase of what is stored depends on the margin.
      this.#notify(profile.id);
    }
  }

  /**
   * What responds at an address, before there is a profile with it. It is reached as the sessions of `profile` reach their
   * partner, if that is given: by its proxy, with its client certificate and authorities.
   */
  async probe(connection: ConnectionOptions, signal: AbortSignal, profile?: CheckedProfile): Promise<ProbeResult> {
    const { globalAgent } = this.#ports;
    const { baseUrl, allowHttp = false } = connection;
    try {
      const network = profile && (await this.#network(profile, await this.#networkSecrets(profile)));
      checkProxy(network?.proxy, checkConnection(connection).baseUrl, allowHttp);
      const privateOnly = allowHttp && isUnencrypted(baseUrl);
      const transport = gotTransport({ ...network, globalAgent, privateOnly, now: () => this.#clock.now() });
      try {
        return await probePartner(connection, transport, { signal, timeout: probeTimeout });
      } finally {
        transport.close();
      }
    } catch (error) {
      if (!isPartnerAuthError(error)) throw error;
      return { kind: 'failed', url: baseUrl, error };
    }
  }

  /** The last login, refresh or logout of a profile in this process, masked. */
  lastExchange(profileId: string): AuthExchange | undefined {
    return this.#exchanges.get(profileId);
  }

  store(profile: CheckedProfile): Promise<ProfileStore> {
    return this.#enqueue(profile.id, async () => (await this.#entry(profile)).store);
  }

  /**
   * Reads the stored session, of which `status()` may know only the summary. One that is open is in memory.
   *
   * @throws PartnerAuthError `store` if it cannot be read.
   */
  async assertReadable(profile: CheckedProfile): Promise<void> {
    const store = await this.store(profile);
    if (this.#entries.get(profile.id)?.session === undefined) await store.read();
  }

  /** The profile's session, opened with the key from its store. */
  open(profile: CheckedProfile): Promise<PartnerSession> {
    return this.#enqueue(profile.id, async () => {
      const entry = await this.#entry(profile);
      if (entry.session !== undefined) return entry.session;
      try {
        const secrets = (await entry.store.secrets()) ?? {};
        const session = await this.#openSession(entry, secrets, secrets, entry.store);
        this.#attach(entry, session);
        return session;
      } catch (error) {
        if (error instanceof PartnerAuthError) {
          entry.openError = error;
          this.#notify(profile.id);
        }
        throw error;
      }
    });
  }

  /**
   * Runs `login` with a session of its own, which may have key material other than the stored one. Once it is signed in,
   * it replaces the profile's session. If `login` fails, it is closed, and the profile's session stays as it was.
   * `change` is applied to the profile's record when the login writes its session.
   *
   * Resolves with the error of the store if the session is signed in but could not be saved; it then lasts as long as
   * this process.
   *
   * @throws Any error of `login`, or of opening the session.
   */
  async signIn(
    profile: CheckedProfile,
    material: KeyMaterial,
    change: RecordChange,
    login: (session: PartnerSession) => Promise<void>,
  ): Promise<PartnerAuthError | undefined> {
    const { entry, session } = await this.#enqueue(profile.id, async () => {
      const current = await this.#entry(profile);
      const usesStored = usesNetworkSecrets(profile) || profile.client !== undefined;
      const secrets = usesStored ? await current.store.secrets() : undefined;
      const given = { ...secrets, ...networkSecretsOf(material) };
      const attempt = await this.#openSession(current, material, given, current.store.forSignIn(change));
      current.attempts.add(attempt);
      return { entry: current, session: attempt };
    });
    let unsaved: PartnerAuthError | undefined;
    try {
      await login(session);
    } catch (error) {
      const isSignedIn = isPartnerAuthError(error) && error.code === 'store' && session.status.unsaved === true;
      if (!isSignedIn) {
        entry.attempts.delete(session);
        await session.close();
        throw error;
      }
      unsaved = error;
    }
    await this.#enqueue(profile.id, async () => {
      // If the profile has changed meanwhile, its entry was dropped together with this session.
      if (!entry.attempts.delete(session)) return;
      const previous = entry.session;
      this.#attach(entry, session);
      await previous?.close();
    });
    return unsaved;
  }

  /** Closes the profile's session; the next call opens it again with the stored key. */
  release(profile: CheckedProfile): Promise<void> {
    return this.#enqueue(profile.id, async () => this.#closeSession(await this.#entry(profile)));
  }

  /** Closes the sessions of all other profiles, including those that have changed. */
  async keepOnly(profiles: readonly CheckedProfile[]): Promise<void> {
    const isKept = (id: string): boolean => {
      const current = profiles.find((candidate) => candidate.id === id);
      const entry = this.#entries.get(id);
      return current !== undefined && entry !== undefined && isSameConnection(current, entry.profile);
    };
    const others = [...this.#entries.keys()].filter((id) => !isKept(id));
    // Checked again when its turn comes, since the changed profile may have been opened by then.
    await Promise.all(others.map((id) => this.#enqueue(id, async () => (isKept(id) ? undefined : this.#drop(id)))));
  }

  /** Closes all sessions. None can be opened afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#scheduler.schedule(undefined);
    const ids = [...new Set([...this.#entries.keys(), ...this.#queues.keys()])];
    await Promise.all(ids.map((id) => this.#enqueue(id, () => this.#drop(id))));
  }

  #settings(): { refreshMargin: number; autoRefresh: boolean } {
    const { refreshMargin, autoRefresh } = this.#ports;
    return { refreshMargin: refreshMargin(), autoRefresh: autoRefresh() };
  }

  #enqueue<T>(id: string, task: () => Promise<T>): Promise<T> {
    const run = (this.#queues.get(id) ?? Promise.resolve()).then(task);
    const done = run.then(
      () => undefined,
      () => undefined,
    );
    this.#queues.set(id, done);
    void done.then(() => {
      if (this.#queues.get(id) === done) this.#queues.delete(id);
    });
    return run;
  }

  async #entry(profile: CheckedProfile): Promise<Entry> {
    if (this.#closed) throw new PartnerAuthError('closed', 'The sessions of this process were closed.');
    const existing = this.#entries.get(profile.id);
    if (existing !== undefined && isSameConnection(existing.profile, profile)) {
      existing.profile = profile;
      return existing;
    }
    await this.#drop(profile.id);
    const store = await this.#ports.openStore(profile);
    const entry: Entry = {
      profile,
      store,
      attempts: new Set(),
      stop: store.onDidChange(() => this.#onStoreChange(entry)),
    };
    this.#entries.set(profile.id, entry);
    this.#schedule();
    return entry;
  }

  #attach(entry: Entry, session: PartnerSession): void {
    entry.session = session;
    delete entry.openError;
    // They may have changed while it was opened.
    session.configure(this.#settings());
    this.#notify(entry.profile.id);
  }

  async #openSession(
    entry: Entry,
    { key, iv, clientSecret }: KeyMaterial,
    secrets: ConnectionSecrets,
    store: TokenStore,
  ): Promise<PartnerSession> {
    const { profile } = entry;
    if (
      profile.cipher !== undefined &&
      (key === undefined || (profile.cipher.iv.from === 'fixed' && iv === undefined))
    ) {
      throw new PartnerAuthError('configuration', `The key of ${profile.label} is not stored. Sign in to enter it.`, {
        setting: 'cipher.key',
      });
    }
    const { log, globalAgent } = this.#ports;
    const session = await openProfileSession({
      ...connectionOf(profile),
      client: clientOf(profile, clientSecret ?? secrets.clientSecret),
      cipher: cipherOf(profile, key, iv),
      ...(await this.#network(profile, secrets)),
      store,
      ...this.#settings(),
      logger: prefixedLogger(log, () => entry.profile.label),
      globalAgent,
      clock: this.#clock,
    });
    session.on('change', () => this.#notify(profile.id));
    session.on('exchange', (exchange) => this.#exchanges.set(profile.id, exchange));
    return session;
  }

  /** How the partner of a profile is reached. */
  async #network(profile: CheckedProfile, secrets: NetworkSecrets) {
    const { caFile } = profile;
    return {
      ca: caFile === undefined ? undefined : (await this.#read('caFile', caFile)).toString(),
      proxy: proxyOf(profile, secrets),
      clientCertificate: await this.#readCertificate(profile, secrets),
    };
  }

  async #networkSecrets(profile: CheckedProfile): Promise<NetworkSecrets> {
    if (!usesNetworkSecrets(profile)) return {};
    return (await (await this.store(profile)).secrets()) ?? {};
  }

  async #readCertificate(
    { clientCertificate }: CheckedProfile,
    { clientCertificatePassphrase: passphrase }: NetworkSecrets,
  ): Promise<ClientCertificate | undefined> {
    if (clientCertificate === undefined) return undefined;
    const { certFile = '', keyFile = '', pfxFile } = clientCertificate;
    const read = (name: string, path: string): Promise<Buffer> => this.#read(`clientCertificate.${name}`, path);
    if (pfxFile !== undefined) return checkedFiles({ pfx: await read('pfxFile', pfxFile), passphrase });
    const [cert, key] = await Promise.all([read('certFile', certFile), read('keyFile', keyFile)]);
    return checkedFiles({ cert, key, passphrase });
  }

  async #read(setting: string, path: string): Promise<Buffer> {
    const file = fromHome(path);
    if (!isAbsolute(file)) {
      const message = `The path ${path} of ${setting} must be absolute, or start with ~/.`;
      throw configurationError(setting, message);
    }
    try {
      return Buffer.from(await this.#ports.readFile(file));
    } catch {
      const message = `The file ${path} of ${setting} could not be read. Check the path and its permissions.`;
      throw configurationError(setting, message);
    }
  }

  /** Waits up to `drain` ms for calls in flight. */
  async #closeSession(entry: Entry, drain?: number): Promise<void> {
    const { session } = entry;
    delete entry.session;
    await session?.close({ drain });
    this.#notify(entry.profile.id);
  }

  async #drop(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    entry.stop();
    const attempts = [...entry.attempts];
    entry.attempts.clear();
    await Promise.all([this.#closeSession(entry, 1_000), ...attempts.map((session) => session.close({ drain: 0 }))]);
    entry.store.dispose();
  }

  #onStoreChange(entry: Entry): void {
    // What could not be opened may be readable by now.
    delete entry.openError;
    this.#notify(entry.profile.id);
  }

  #margin(): number {
    return this.#ports.refreshMargin() * 1000;
  }

  #closedEntries(): readonly Entry[] {
    return [...this.#entries.values()].filter(({ session }) => session === undefined);
  }

  #schedule(): void {
    if (this.#closed) return;
    const now = this.#clock.now();
    const times = this.#closedEntries().map(
      (entry) => nextChange(stateOfSummary(summaryOf(entry), renewalIn(entry)), now, this.#margin()) ?? Infinity,
    );
    const time = Math.min(...times);
    this.#scheduler.schedule(time === Infinity ? undefined : time);
  }

  #onTime(): void {
    for (const { profile } of this.#closedEntries()) this.#notify(profile.id);
    this.#schedule();
  }

  #notify(profileId: string): void {
    this.#schedule();
    for (const listener of [...this.#listeners]) callSafely(() => listener(profileId));
  }
}

function summaryOf({ profile, store }: Entry): SessionSummary | undefined {
  const summary = store.summary();
  return summary?.origin === serversOf(profile) ? summary : undefined;
}

const passphraseSetting = 'clientCertificate.passphrase';

/** A client certificate from the files of a profile. @throws PartnerAuthError `configuration` naming the field of the profile. */
function checkedFiles(certificate: ClientCertificate): ClientCertificate {
  try {
    checkClientCertificate(certificate);
    return certificate;
  } catch (error) {
    if (!isPartnerAuthError(error) || error.setting === undefined) throw error;
    const asField = (text: string): string => text.replace(/clientCertificate\.(?:cert|key|pfx)\b/g, '$&File');
    const advice =
      error.setting === passphraseSetting
        ? ` The passphrase is kept with the secrets of the profile: ${adviceOnSecrets('it', passphraseVariables)}.`
        : '';
    throw configurationError(asField(error.setting), `${asField(error.message)}${advice}`);
  }
}

function clientOf({ client }: CheckedProfile, secret: string | undefined): ClientIdentity | undefined {
  return client && { ...client, ...(secret !== undefined && secret !== '' && { secret }) };
}

function usesNetworkSecrets({ proxy, clientCertificate }: CheckedProfile): boolean {
  return typeof proxy === 'string' || clientCertificate !== undefined;
}

function renewalIn({ profile }: Entry): Renewal {
  return renewalOf(profile.definition, false);
}

function proxyOf({ proxy }: CheckedProfile, { proxyCredentials }: NetworkSecrets): string | false | undefined {
  if (typeof proxy !== 'string' || proxyCredentials?.proxy !== proxy) return proxy;
  return withProxyCredentials(proxy, proxyCredentials.username, proxyCredentials.password);
}

function isSameConnection(a: CheckedProfile, b: CheckedProfile): boolean {
  // Unchanged settings usually result in the same objects.
  return a === b || JSON.stringify({ ...a, label: '' }) === JSON.stringify({ ...b, label: '' });
}

function prefixedLogger(log: Logger, label: () => string): Logger {
  const at = (level: keyof Logger) => (message: string) => log[level](`${label()}: ${message}`);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
