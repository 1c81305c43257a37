import type { RunVerb } from '../grammar/verb.ts';
import { readJsonFile } from '../input.ts';
import { withProfiles } from '../profiles.ts';
import { note } from '../terminal/output.ts';

export const run: RunVerb = (given) =>
  withProfiles(async (files) => {
    const { id, label } = await files.addPartner(await readJsonFile(given.required('FILE'), 'FILE'));
    note(`Added the partner ${id} (${label}). Next: partner-auth profile add NAME --partner ${id} --base-url URL`);
    return undefined;
  });
