import type { RunVerb } from '../grammar/verb.ts';
import { withProfiles } from '../profiles.ts';
import { note } from '../terminal/output.ts';

export const run: RunVerb = (given) =>
  withProfiles(async (files) => {
    const id = given.required('ID');
    await files.removePartner(id);
    note(`Removed the partner ${id}.`);
    return undefined;
  });
