import { isPartnerAuthError, type PartnerAuthError } from '../../index.ts';
import type { CheckedProfile } from '../../profiles/index.ts';
import type { FileProfiles } from '../../profiles/files/index.ts';
import { exitCodeOf } from '../exit-codes.ts';
import type { Given } from '../grammar/given.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { reportProblems, selectProfile, watch, withProfiles } from '../profiles.ts';
import { note, writeJson } from '../terminal/output.ts';
import { withProgress } from '../terminal/progress.ts';
import { isoTime, localTime } from '../terminal/times.ts';
import { UsageError } from '../usage-error.ts';

interface Result {
  readonly profile: string;
  readonly revoked: boolean;
  readonly wasSignedIn: boolean;
  readonly error?: PartnerAuthError;
  readonly refreshExpiresAt?: number;
}

export const run: RunVerb = (given) =>
  withProfiles(async (files) => {
    const results: Result[] = [];
    const failures: PartnerAuthError[] = [];
    for (const profile of await chosenProfiles(files, given)) {
      try {
        const result = await withProgress(`Signing out of ${profile.label}`, () => signOut(files, profile));
        results.push(result);
        note(describe(result, profile));
      } catch (error) {
        // The others are signed out all the same.
        if (!given.has('all') || !isPartnerAuthError(error)) throw error;
        failures.push(error);
        results.push({ profile: profile.id, revoked: false, wasSignedIn: true, error });
        note(`${profile.id} is still signed in here: ${error.message}`);
      }
    }
    if (given.has('json')) {
      const all = results.map(toJson);
      await writeJson(given.has('all') ? all : all[0]);
    }
    return failures[0] && exitCodeOf(failures[0]);
  });

async function chosenProfiles(files: FileProfiles, given: Given): Promise<readonly CheckedProfile[]> {
  if (!given.has('all')) return [await selectProfile(files, given)];
  if (given.argument('NAME') !== undefined) throw new UsageError('Give either NAME or --all.');
  const { profiles, problems } = await files.list();
  reportProblems(problems, files.paths);
  return profiles;
}

async function signOut(files: FileProfiles, profile: CheckedProfile): Promise<Result> {
  const { id } = profile;
  const wasSignedIn = (await files.storeMode(id)) !== undefined;
  const pool = await files.pool();
  try {
    const session = await pool.open(profile);
    watch(session);
    const isSignedIn = session.status.phase !== 'signedOut';
    const { revoked, error, refreshExpiresAt } = await session.signOut();
    return {
      profile: id,
      revoked,
      wasSignedIn: isSignedIn,
      ...(error !== undefined && { error }),
      ...(refreshExpiresAt !== undefined && { refreshExpiresAt }),
    };
  } catch (error) {
    // What cannot be read cannot be revoked, but it can be deleted.
    if (!isPartnerAuthError(error) || !['configuration', 'store'].includes(error.code)) throw error;
    await files.tokenStore(id).clear();
    return { profile: id, revoked: false, wasSignedIn, ...(wasSignedIn && { error }) };
  }
}

function describe(
  { revoked, wasSignedIn, error, refreshExpiresAt }: Result,
  { id, definition }: CheckedProfile,
): string {
  if (!wasSignedIn) return `${id} was not signed in.`;
  if (revoked) return `Signed out of ${id}, and ${definition.label} has confirmed it.`;
  const until = refreshExpiresAt === undefined ? '' : ` until ${localTime(refreshExpiresAt)}`;
  const why = error === undefined ? `${definition.label} has no call to sign out` : error.message.replace(/\.$/, '');
  return `Signed out of ${id} here, but not at ${definition.label}: ${why}. It may accept the refresh token${until}.`;
}

function toJson({ profile, revoked, error, refreshExpiresAt }: Result): object {
  return {
    version: 1,
    profile,
    revoked,
    refreshTokenExpiresAt: refreshExpiresAt === undefined ? null : isoTime(refreshExpiresAt),
    ...(error !== undefined && { error: error.toJSON() }),
  };
}
