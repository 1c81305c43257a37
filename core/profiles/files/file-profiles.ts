import type { Clock } from '../../lib/clock.ts';
import { configurationError, type PartnerAuthError } from '../../lib/errors.ts';
import { silentLogger, type Logger } from '../../lib/logger.ts';
import { fsPromises, lazy } from '../../lib/node-modules.ts';
import { plainLine } from '../../lib/plain-line.ts';
import type { PartnerDefinition } from '../../partners/definition.ts';
import type { TokenStore } from '../../stores/token-store.ts';
import type { ProfileProblem } from '../problems.ts';
import type { CheckedProfile, KnownPartners, Profile } from '../profile.ts';
import type { SecretStore } from '../secret-store.ts';
import type { SessionPool } from '../session-pool.ts';
import { listFile } from './list-file.ts';
import { pathsOf, type Environment, type Paths } from './paths.ts';
import { problemText } from './problem-text.ts';
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

export interface ListedProfiles {
  readonly profiles: readonly CheckedProfile[];
  /** The ids of all entries, also of those that cannot be used. */
  readonly ids: readonly string[];
  readonly partners: KnownPartners;
  readonly problems: readonly ProfileProblem[];
}

/**
 * Profiles and partners in two files, which are lists as in the settings `partnerAuth.profiles` and
 * `partnerAuth.partners`, and their secrets and sessions in two further files for each profile.
 *
 * Every function that reads `profiles.json` or `partners.json` rejects with `store` if that is not a JSON list; it is set
 * aside then.
 */
export interface FileProfiles {
  readonly paths: Paths;
  list(): Promise<ListedProfiles>;
  /** @throws PartnerAuthError `configuration` if there is no such profile, if it is not valid, or if two have this id. */
  find(id: string): Promise<CheckedProfile>;
  /**
   * The profile with this id; without one that of `PARTNER_AUTH_PROFILE`, else the only one.
   *
   * @throws PartnerAuthError `configuration` as `find()`, or if there is none or more than one.
   */
  select(id?: string): Promise<CheckedProfile>;
  /**
   * Adds a profile, and its partner definition if there is one.
   *
   * @throws PartnerAuthError `configuration` if one of them is not valid, or its id is taken.
   */
  add(profile: Profile, definition?: unknown): Promise<CheckedProfile>;
  /** Replaces the profile with this id. @throws PartnerAuthError `configuration` as `find()`, or if it is not valid. */
  update(id: string, profile: Profile): Promise<CheckedProfile>;
  /**
   * Deletes the session and the secrets of a profile, then its entry, also one that is not valid.
   *
   * @throws PartnerAuthError `configuration` if there is neither an entry nor a file, or if two profiles have this id.
   */
  remove(id: string): Promise<void>;
  /** @throws PartnerAuthError `configuration` if it is not valid, or its id is taken. */
  addPartner(definition: unknown): Promise<PartnerDefinition>;
  /** @throws PartnerAuthError `configuration` if it is unknown or built in, or if a profile uses it. */
  removePartner(id: string): Promise<void>;
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
  const profilesFile = listFile(paths.profiles, 'profiles');
  const partnersFile = listFile(paths.partners, 'partners');
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

  async function knownPartners(): Promise<Pick<ListedProfiles, 'partners' | 'problems'>> {
    const { parsePartners } = await import('../custom-partners.ts');
    const { known, problems } = parsePartners(await partnersFile.read());
    return { partners: known, problems };
  }

  async function list(): Promise<ListedProfiles> {
    const { parseProfiles } = await import('../profile.ts');
    const { partners, problems } = await knownPartners();
    const entries = await profilesFile.read();
    const parsed = parseProfiles(entries, partners);
    return {
      profiles: parsed.profiles,
      ids: entries.flatMap((entry) => idOf(entry) ?? []),
      partners,
      problems: [...problems, ...parsed.problems],
    };
  }

  async function find(id: string): Promise<CheckedProfile> {
    const entries = await profilesFile.read();
    const index = indexOf(entries, id);
    if (index === undefined) throw unknownProfile(id, entries);
    const { parsed } = await parse(entries[index]);
    if (parsed.kind === 'profile') return parsed.profile;
    throw invalidProfile(id, parsed.problem, ` in ${paths.profiles}`);
  }

  async function parse(entry: unknown, partners?: KnownPartners) {
    const { parseProfile } = await import('../profile.ts');
    const known = partners ?? (await knownPartners()).partners;
    return { parsed: parseProfile(entry, known), known };
  }

  /** The only entry with this id. */
  function indexOf(entries: readonly unknown[], id: string): number | undefined {
    const found = entries.flatMap((entry, index) => (idOf(entry) === id ? [index] : []));
    if (found.length < 2) return found[0];
    const names = found.map((index) => `${nameOf(entries[index])} (number ${index + 1})`);
    throw configurationError(
      'profile',
      `${found.length === 2 ? 'Two' : found.length} profiles in ${paths.profiles} have the id "${plainLine(id, 80)}": ${names.join(' and ')}. Give each its own id.`,
    );
  }

  function unknownProfile(id: string, entries: readonly unknown[]): PartnerAuthError {
    const ids = entries.flatMap((entry) => idOf(entry) ?? []);
    const known =
      ids.length === 0 ? 'There are none yet: add one with partner-auth profile add.' : `Known: ${idList(ids)}.`;
    return configurationError('profile', `There is no profile "${plainLine(id, 80)}" in ${paths.profiles}. ${known}`);
  }

  function invalidProfile(id: string, problem: Omit<ProfileProblem, 'name' | 'of'>, where: string): PartnerAuthError {
    const text = problemText({ ...problem, name: id, of: 'profile' }, paths);
    return configurationError(
      problem.field || 'profile',
      where === '' ? text.replace(` in ${paths.profiles}`, '') : text,
    );
  }

  async function checked(profile: Profile, partners?: KnownPartners): Promise<CheckedProfile> {
    const { parsed } = await parse(profile, partners);
    if (parsed.kind === 'profile') return parsed.profile;
    throw invalidProfile(idOf(profile) ?? 'profile', parsed.problem, '');
  }

  async function checkedPartner(definition: unknown): Promise<PartnerDefinition> {
    const { definePartner } = await import('../../partners/define-partner.ts');
    return definePartner(definition as PartnerDefinition);
  }

  async function addPartner(definition: unknown): Promise<PartnerDefinition> {
    const partner = await checkedPartner(definition);
    const { partners: builtIn } = await import('../../partners/index.ts');
    await partnersFile.change((entries) => {
      if (Object.hasOwn(builtIn, partner.id) || entries.some((entry) => idOf(entry) === partner.id))
        throw configurationError(
          'partner.id',
          `There is a partner "${partner.id}" already. Give the new one another id.`,
        );
      return [{ kind: 'add', item: definition }];
    });
    return partner;
  }

  return {
    paths,
    list,
    find,
    async select(id = env.PARTNER_AUTH_PROFILE) {
      if (id) return find(id);
      const entries = await profilesFile.read();
      const ids = [...new Set(entries.flatMap((entry) => idOf(entry) ?? []))];
      const [only] = ids;
      if (ids.length === 1 && only !== undefined) return find(only);
      throw configurationError(
        'profile',
        only === undefined
          ? `There are no profiles in ${paths.profiles} yet. Add one with partner-auth profile add.`
          : `There are several profiles: ${idList(ids)}. Name one of them, or set PARTNER_AUTH_PROFILE.`,
      );
    },
    async add(profile, definition) {
      let partners: KnownPartners | undefined;
      let isNewPartner = false;
      if (definition !== undefined) {
        const partner = await checkedPartner(definition);
        const { partners: known } = await knownPartners();
        isNewPartner = !isSame(known[partner.id], partner);
        if (isNewPartner && Object.hasOwn(known, partner.id)) {
          throw configurationError(
            'partner.id',
            `There is another partner "${partner.id}" already. Give the new one another id, or remove it with partner-auth partner remove ${partner.id}.`,
          );
        }
        partners = { ...known, [partner.id]: partner };
      }
      const added = await checked(profile, partners);
      if (isNewPartner) await addPartner(definition);
      await profilesFile.change((entries) => {
        if (entries.some((entry) => idOf(entry) === profile.id)) {
          throw configurationError(
            'id',
            `There is a profile "${profile.id}" in ${paths.profiles} already. Choose another name, or change it with partner-auth profile edit.`,
          );
        }
        return [{ kind: 'add', item: profile }];
      });
      return added;
    },
    async update(id, profile) {
      if (profile.id !== id)
        throw configurationError('id', `The id of the profile "${plainLine(id, 80)}" cannot be changed.`);
      const next = await checked(profile);
      await profilesFile.change((entries) => {
        const index = indexOf(entries, id);
        if (index === undefined) throw unknownProfile(id, entries);
        return isSame(entries[index], profile) ? [] : [{ kind: 'replace', index, item: profile }];
      });
      return next;
    },
    async remove(id) {
      const entries = await profilesFile.read();
      const hasEntry = indexOf(entries, id) !== undefined;
      // An entry that is not valid may have an id for which there are no files.
      const hadFiles = await files.remove(id).catch((error: unknown) => {
        if (hasEntry && (error as PartnerAuthError).code === 'configuration') return false;
        throw error;
      });
      if (!hasEntry && !hadFiles) throw unknownProfile(id, entries);
      await profilesFile.change((current) => {
        const index = indexOf(current, id);
        return index === undefined ? [] : [{ kind: 'remove', index }];
      });
    },
    addPartner,
    async removePartner(id) {
      const { partners: builtIn } = await import('../../partners/index.ts');
      const quoted = `"${plainLine(id, 80)}"`;
      if (Object.hasOwn(builtIn, id)) throw configurationError('partner', `The partner ${quoted} is built in.`);
      const users = (await profilesFile.read()).filter((entry) => fieldOf(entry, 'partner') === id);
      if (users.length > 0) {
        throw configurationError(
          'partner',
          `The partner ${quoted} is used by ${idList(users.map((entry) => idOf(entry) ?? '?'))}. Remove or change these profiles first.`,
        );
      }
      await partnersFile.change((entries) => {
        const index = entries.findIndex((entry) => idOf(entry) === id);
        if (index === -1) throw configurationError('partner', `There is no partner ${quoted} in ${paths.partners}.`);
        return [{ kind: 'remove', index }];
      });
    },
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

function fieldOf(entry: unknown, name: string): unknown {
  return typeof entry === 'object' && entry !== null ? (entry as Readonly<Record<string, unknown>>)[name] : undefined;
}

function idOf(entry: unknown): string | undefined {
  const id = fieldOf(entry, 'id');
  return typeof id === 'string' ? id : undefined;
}

function nameOf(entry: unknown): string {
  const label = fieldOf(entry, 'label');
  return typeof label === 'string' ? `"${plainLine(label, 80)}"` : 'one without a label';
}

const idList = (ids: readonly string[]): string => ids.map((id) => plainLine(id, 80)).join(', ');

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
