import type { Clock } from '../../lib/clock.ts';
import { silentLogger, type Logger } from '../../lib/logger.ts';
import { fsPromises, lazy } from '../../lib/node-modules.ts';
import type { TokenStore } from '../../stores/token-store.ts';
import type { SecretStore } from '../secret-store.ts';
import type { SessionPool } from '../session-pool.ts';
import { pathsOf, type Environment, type Paths } from './paths.ts';
import { profileLists, type ProfileLists } from './profile-lists.ts';
import { secretFiles } from './secret-files.ts';
import { storeKeys, type Keyring, type StoreMode } from './store-keys.ts';
import { defaultMargin, readStoredToken, type StoredToken } from './stored-token.ts';

export interface FileProfilesPorts {
  /** Default: silent. */
  readonly log?: Logger;
  /** A source of time, for tests. */
  readonly clock?: Clock;
  /** Default false. */
  readonly autoRefresh?: () => boolean;
  /** In seconds. Default 300 (5 minutes). */
  readonly refreshMargin?: () => number;
  /** Default: the keyring of the system, through `@napi-rs/keyring`. */
  readonly loadKeyring?: () => Promise<Keyring>;
  readonly platform?: NodeJS.Platform;
}

/** Profiles and partners in files, with the secrets and sessions of each profile in two further files. */
export interface FileProfiles extends ProfileLists {
  readonly paths: Paths;
  /** How the secrets of a profile are stored; undefined if nothing is stored. Requires no key. */
  storeMode(id: string): Promise<StoreMode | undefined>;
  /**
   * How the secrets of a profile are stored from now on: as requested, else as they are, else encrypted with the key in
   * `PARTNER_AUTH_STORE_KEY` if it is set, else with that in the keyring, which is created if it has none. To be called
   * before a sign-in. Nothing is written to the files of the profile.
   *
   * @throws PartnerAuthError `configuration`, setting `store`, if the key cannot be had.
   */
  chooseStore(id: string, requested?: StoreMode): Promise<StoreMode>;
  readonly secretStore: SecretStore;
  tokenStore(id: string): TokenStore;
  /**
   * The stored access token of a profile, if it is valid for at least `minValidity` seconds (default 0) and neither due
   * nor refused; undefined in all other cases, also of errors, which a session reports. Loads no session, and writes
   * nothing.
   */
  storedToken(id: string | undefined, minValidity?: number): Promise<StoredToken | undefined>;
  /** The sessions of these profiles. */
  pool(): Promise<SessionPool>;
  close(): Promise<void>;
}

/** Opens the profiles of the user. Reads nothing yet. @throws PartnerAuthError `configuration` if there is no home folder. */
export function openFileProfiles(env: Environment = process.env, ports: FileProfilesPorts = {}): FileProfiles {
  const paths = pathsOf(env, ports.platform);
  const keys = storeKeys(env, paths, ports.loadKeyring);
  const files = secretFiles(paths, keys);

  const pool = lazy(async (): Promise<SessionPool> => {
    const [{ SessionPool }, { openFileProfileStore }] = await Promise.all([
      import('../session-pool.ts'),
      import('./file-profile-store.ts'),
    ]);
    const { log = silentLogger, clock, autoRefresh = () => false, refreshMargin = () => defaultMargin } = ports;
    return new SessionPool({
      openStore: (profile) => openFileProfileStore(profile, files),
      readFile: (path) => fsPromises().readFile(path),
      log,
      autoRefresh,
      refreshMargin,
      ...(clock !== undefined && { clock }),
      globalAgent: false,
    });
  });
  let opened: Promise<SessionPool> | undefined;

  return {
    paths,
    ...profileLists(env, paths, files),
    storeMode: (id) => files.modeOf(id),
    async chooseStore(id, requested) {
      const mode = requested ?? (await files.modeOf(id)) ?? (env.PARTNER_AUTH_STORE_KEY ? 'key' : 'keyring');
      await files.choose(id, mode);
      return mode;
    },
    secretStore: files.secrets,
    tokenStore: (id) => files.session(id),
    storedToken: (id, minValidity = 0) =>
      readStoredToken(paths, keys, id ?? env.PARTNER_AUTH_PROFILE, {
        now: ports.clock?.now() ?? Date.now(),
        margin: (ports.refreshMargin?.() ?? defaultMargin) * 1000,
        minValidity: minValidity * 1000,
      }),
    pool: () => (opened = pool()),
    close: async () => (await opened)?.close(),
  };
}
