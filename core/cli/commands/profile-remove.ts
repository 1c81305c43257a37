import type { FileProfiles } from '../../profiles/files/index.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { withProfiles } from '../profiles.ts';
import { statusOf } from '../status.ts';
import { note } from '../terminal/output.ts';

export const run: RunVerb = (given) =>
  withProfiles(async (files) => {
    const id = given.required('NAME');
    const wasSignedIn = await isSignedIn(files, id);
    await files.remove(id);
    note(`Removed ${id}, with its session and secrets.`);
    if (wasSignedIn)
      note('It was signed in, and the partner may still accept its tokens: only logout notifies the partner.');
    return undefined;
  });

/** An entry that is not valid can be removed too. */
async function isSignedIn(files: FileProfiles, id: string): Promise<boolean> {
  try {
    const { status, problem } = await statusOf(files, await files.find(id));
    return problem !== undefined || status.phase !== 'signedOut';
  } catch {
    return false;
  }
}
