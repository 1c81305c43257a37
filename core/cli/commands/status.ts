import { exitCodes } from '../exit-codes.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { reportProblems, selectProfile, withProfiles } from '../profiles.ts';
import { canHaveToken, stateText, statusJson, statusOf, statusRows } from '../status.ts';
import { note, table, writeJson, writeResult } from '../terminal/output.ts';

export const run: RunVerb = (given) =>
  withProfiles(async (files) => {
    const json = given.has('json');
    const now = Date.now();
    if (given.argument('NAME') !== undefined) {
      const known = await statusOf(files, await selectProfile(files, given));
      await (json ? writeJson(statusJson(known, now)) : writeResult(table(statusRows(known, now))));
      return canHaveToken(known, now) ? exitCodes.success : exitCodes.signInNeeded;
    }
    const { profiles, problems } = await files.list();
    const all = await Promise.all(profiles.map((profile) => statusOf(files, profile)));
    if (json) await writeJson(all.map((known) => statusJson(known, now)));
    else if (all.length > 0) {
      const rows = all.map((known) => {
        const { profile, status, store } = known;
        return [profile.id, status.account ?? '-', stateText(known, now), profile.definition.label, store ?? '-'];
      });
      await writeResult(table([['PROFILE', 'ACCOUNT', 'STATE', 'PARTNER', 'STORED'], ...rows]));
    } else note('There are no profiles. Add one: partner-auth profile add NAME');
    reportProblems(problems, files.paths);
    return exitCodes.success;
  });
