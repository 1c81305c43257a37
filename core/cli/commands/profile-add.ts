import type { RunVerb } from '../grammar/verb.ts';
import { checkPartner, draftOf, placesOf, readSource, withAnswers } from '../profile-draft.ts';
import { withProfiles } from '../profiles.ts';
import { note } from '../terminal/output.ts';
import { configurationFailure, UsageError } from '../usage-error.ts';

export const run: RunVerb = (given) =>
  withProfiles(async (files) => {
    const { profile: source, definition } = await readSource(given);
    const id = given.argument('NAME') ?? source?.id;
    if (typeof id !== 'string') throw new UsageError('NAME is missing.');
    given.profile = id;
    const { ids, partners } = await files.list();
    if (ids.includes(id)) {
      throw configurationFailure(
        `There is a profile ${id} already. Choose another name, or change it with: partner-auth profile edit ${id}`,
      );
    }
    if (definition === undefined) checkPartner(given, partners);
    const named = { id, label: id, ...source };
    const draft = await withAnswers(draftOf(given, { ...named, id }), partners, definition);
    const profile = await files.add(draft, definition);
    note(`Added ${id}: ${placesOf(profile)}. Next: partner-auth login ${id}`);
    return undefined;
  });
