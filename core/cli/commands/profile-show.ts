import { toSavedProfile } from '../../profiles/index.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { selectProfile, withProfiles } from '../profiles.ts';
import { writeJson } from '../terminal/output.ts';

export const run: RunVerb = (given) =>
  withProfiles(async (files) => {
    await writeJson(toSavedProfile(await selectProfile(files, given)));
    return undefined;
  });
