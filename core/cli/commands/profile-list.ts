import { toSavedProfile } from '../../profiles/index.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { editorOfTerminal, reportProblems, withProfiles } from '../profiles.ts';
import { note, table, writeJson, writeResult } from '../terminal/output.ts';

export const run: RunVerb = (given) =>
  withProfiles(async (files) => {
    const { profiles, ids, problems } = await files.list();
    const offered = (await editorOfTerminal())?.profiles ?? [];
    const others = offered.map(({ id }) => id).filter((id) => !ids.includes(id));
    if (given.has('json')) await writeJson(profiles.map(toSavedProfile));
    else if (profiles.length > 0) {
      const rows = profiles.map(({ id, label, definition, baseUrl }) => [id, label, definition.label, baseUrl]);
      await writeResult(table([['PROFILE', 'LABEL', 'PARTNER', 'ADDRESS'], ...rows]));
    } else if (problems.length === 0 && others.length === 0)
      note('There are no profiles. Add one: partner-auth profile add NAME');
    if (others.length > 0) note(`VS Code has more: ${others.join(', ')}.`);
    reportProblems(problems, files.paths);
    return undefined;
  });
