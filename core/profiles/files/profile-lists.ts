import { configurationError, type PartnerAuthError } from '../../lib/errors.ts';
import { plainLine } from '../../lib/plain-line.ts';
import type { PartnerDefinition } from '../../partners/definition.ts';
import type { ProfileProblem } from '../problems.ts';
import type { CheckedProfile, KnownPartners, Profile } from '../profile.ts';
import { listFile } from './list-file.ts';
import type { Environment, Paths } from './paths.ts';
import { problemText } from './problem-text.ts';
import type { SecretFiles } from './secret-files.ts';

export interface ListedProfiles {
  readonly profiles: readonly CheckedProfile[];
  /** The ids of all entries, also of those that cannot be used. */
  readonly ids: readonly string[];
  readonly partners: KnownPartners;
  readonly problems: readonly ProfileProblem[];
}

/**
 * Profiles and partners in two files, which are lists as in the settings `partnerAuth.profiles` and
 * `partnerAuth.partners`.
 *
 * Every function that reads `profiles.json` or `partners.json` rejects with `store` if that is not a JSON list; it is set
 * aside then.
 */
export interface ProfileLists {
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
}

export function profileLists(env: Environment, paths: Paths, files: Pick<SecretFiles, 'remove'>): ProfileLists {
  const profilesFile = listFile(paths.profiles, 'profiles');
  const partnersFile = listFile(paths.partners, 'partners');

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
