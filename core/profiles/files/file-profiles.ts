import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { PartnerDefinition } from '../../partners/definition.ts';
import type { TokenStore } from '../../stores/token-store.ts';
import type { ProfileProblem } from '../problems.ts';
import type { CheckedProfile, KnownPartners, Profile } from '../profile.ts';
import type { SecretStore } from '../secret-store.ts';
import type { SessionPool } from '../session-pool.ts';

export const storeModes = ['keyring', 'key', 'plain'] as const;
/** How the secrets of a profile are stored: encrypted by a key in the keyring or in `PARTNER_AUTH_STORE_KEY`, or in clear. */
export type StoreMode = (typeof storeModes)[number];

export type Environment = Readonly<Record<string, string | undefined>>;

export interface FileProfilesPorts {
  /** Default: silent. */
  readonly log?: Logger;
  readonly clock?: Clock;
  /** Default false. */
  readonly autoRefresh?: () => boolean;
  /** In seconds. Default 300. */
  readonly refreshMargin?: () => number;
}

export interface Paths {
  readonly config: string;
  readonly state: string;
  readonly profiles: string;
  readonly partners: string;
}

export interface ListedProfiles {
  readonly profiles: readonly CheckedProfile[];
  /** The ids of all entries, also of those that are not valid. */
  readonly ids: readonly string[];
  readonly partners: KnownPartners;
  readonly problems: readonly ProfileProblem[];
}

export interface StoredToken {
  readonly profile: string;
  readonly partner: string;
  readonly account?: string;
  readonly token: string;
  /** Epoch ms. */
  readonly expiresAt?: number;
  /** Epoch ms. */
  readonly signInAgainAt?: number;
}

export interface FileProfiles {
  readonly paths: Paths;
  list(): Promise<ListedProfiles>;
  find(id: string): Promise<CheckedProfile>;
  select(id?: string): Promise<CheckedProfile>;
  add(profile: Profile, definition?: unknown): Promise<CheckedProfile>;
  update(id: string, profile: Profile): Promise<CheckedProfile>;
  remove(id: string): Promise<void>;
  addPartner(definition: unknown): Promise<PartnerDefinition>;
  removePartner(id: string): Promise<void>;
  storeMode(id: string): Promise<StoreMode | undefined>;
  chooseStore(id: string, requested?: StoreMode): Promise<StoreMode>;
  readonly secretStore: SecretStore;
  tokenStore(id: string): TokenStore;
  storedToken(id: string | undefined, minValidity?: number): Promise<StoredToken | undefined>;
  pool(): Promise<SessionPool>;
  close(): Promise<void>;
}

export function openFileProfiles(_env: Environment = process.env, _ports: FileProfilesPorts = {}): FileProfiles {
  throw new Error('To be written.');
}
