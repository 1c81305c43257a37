import { exitCodes } from '../exit-codes.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { editorOfTerminal, reportProblems, selectAny, withProfiles } from '../profiles.ts';
import { canHaveToken, editorStatus, stateText, statusJson, statusOf, statusRows } from '../status.ts';
import { note, table, writeJson, writeResult } from '../terminal/output.ts';

export const run: RunVerb = (given) =>
  withProfiles(async (files) => {
    const json = given.has('json');
    const now = Date.now();
    if (given.argument('NAME') !== undefined) {
      const selected = await selectAny(files, given);
      const known = selected.of === 'editor' ? editorStatus(selected.profile) : await statusOf(files, selected.profile);
      await (json ? writeJson(statusJson(known, now)) : writeResult(table(statusRows(known, now))));
      return canHaveToken(known, now) ? exitCodes.success : exitCodes.signInNeeded;
    }
    const { profiles, ids, problems } = await files.list();
    const offered = (await editorOfTerminal())?.profiles ?? [];
    const all = [
      ...(await Promise.all(profiles.map((profile) => statusOf(files, profile)))),
      ...offered.filter(({ id }) => !ids.includes(id)).map(editorStatus),
    ];
    if (json) await writeJson(all.map((known) => statusJson(known, now)));
    else if (all.length > 0) {
      const rows = all.map((known) => {
        const { profile, source, status, store } = known;
        const place = source === 'editor' ? 'in VS Code' : (store ?? '-');
        return [profile.id, status.account ?? '-', stateText(known, now), profile.definition.label, place];
      });
      await writeResult(table([['PROFILE', 'ACCOUNT', 'STATE', 'PARTNER', 'STORED'], ...rows]));
    } else note('There are no profiles. Add one: partner-auth profile add NAME');
    reportProblems(problems, files.paths);
    return exitCodes.success;
  });
