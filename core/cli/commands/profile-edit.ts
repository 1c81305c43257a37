import { toSavedProfile, type CheckedProfile, type Profile, type SecretRecord } from '../../profiles/index.ts';
import type { FileProfiles } from '../../profiles/files/index.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { askAll, checkPartner, draftOf, hasSettings, placesOf, readSource } from '../profile-draft.ts';
import { selectProfile, withProfiles } from '../profiles.ts';
import { canAsk } from '../terminal/ask.ts';
import { environmentVariable, fromEnvironment } from '../terminal/environment.ts';
import { note } from '../terminal/output.ts';
import { UsageError } from '../usage-error.ts';

export const run: RunVerb = (given) =>
  withProfiles(async (files) => {
    const before = await selectProfile(files, given);
    const { id } = before;
    const { profile: source, definition } = await readSource(given);
    if (definition !== undefined) await files.addPartner(definition);
    const hasChanges = source !== undefined || hasSettings(given);
    const secrets = secretsFromEnvironment(before);
    const hasSecrets = Object.keys(secrets).length > 0;
    if (!hasChanges && !hasSecrets && !canAsk())
      throw new UsageError(
        'There is nothing to change. Give an option, such as --base-url URL, or run it in a terminal.',
      );
    const base = { ...toSavedProfile(before), ...source, id };
    const draft = draftOf(given, base);
    const { partners } = await files.list();
    checkPartner(given, partners);
    const after = await files.update(id, hasChanges || hasSecrets ? (draft as Profile) : await askAll(draft, partners));
    note(`Saved ${id}: ${placesOf(after)}.`);
    if (after.origin !== before.origin)
      note(
        `Its session and secrets belong to ${before.origin}, and are not sent to ${after.origin}. Next: partner-auth login ${id}`,
      );
    else if (hasSecrets) await replaceSecrets(files, after, secrets);
    return undefined;
  });

/** The secrets that the environment has, and that the profile uses. */
function secretsFromEnvironment({
  cipher,
  client,
  definition,
}: CheckedProfile): Pick<SecretRecord, 'key' | 'iv' | 'clientSecret' | 'credentials'> {
  const key = cipher === undefined ? undefined : fromEnvironment('PARTNER_AUTH_KEY');
  const iv = cipher?.iv.from === 'fixed' ? fromEnvironment('PARTNER_AUTH_IV') : undefined;
  const clientSecret = client === undefined ? undefined : fromEnvironment(environmentVariable('client_secret'));
  const credentials: Record<string, string> = {};
  for (const { name } of definition.credentials) {
    const value = fromEnvironment(environmentVariable(name));
    if (value !== undefined && name !== 'password') credentials[name] = value;
  }
  return {
    ...(key !== undefined && { key }),
    ...(iv !== undefined && { iv }),
    ...(clientSecret !== undefined && { clientSecret }),
    ...(Object.keys(credentials).length > 0 && { credentials }),
  };
}

/** Only where secrets are stored: the first ones are written by a sign-in. */
async function replaceSecrets(
  files: FileProfiles,
  profile: CheckedProfile,
  secrets: Partial<SecretRecord>,
): Promise<void> {
  if ((await files.storeMode(profile.id)) === undefined) return;
  await files.chooseStore(profile.id);
  const store = await (await files.pool()).store(profile);
  await store.update((record) => ({
    ...record,
    ...secrets,
    ...(secrets.credentials !== undefined && { credentials: { ...record.credentials, ...secrets.credentials } }),
  }));
  note(
    `Replaced by those of the environment: ${[...Object.keys(secrets).filter((name) => name !== 'credentials'), ...Object.keys(secrets.credentials ?? {})].join(', ')}.`,
  );
}
