import type { OfferedProfile } from '../../broker/index.ts';
import { toSavedProfile, type CheckedProfile } from '../../profiles/index.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { editorOfTerminal, reportProblems, withProfiles } from '../profiles.ts';
import { note, table, writeJson, writeResult } from '../terminal/output.ts';

export const run: RunVerb = (given) =>
  withProfiles(async (files) => {
    const { profiles, ids, problems } = await files.list();
    const offered = ((await editorOfTerminal())?.profiles ?? []).filter(({ id }) => !ids.includes(id));
    if (given.has('json')) {
      const others = offered.map(({ id, label, partner, baseUrl }) => ({
        id,
        label,
        partner,
        baseUrl,
        source: 'editor',
      }));
      await writeJson([...profiles.map(toSavedProfile), ...others]);
    } else if (profiles.length + offered.length > 0) {
      const rows = [...profiles.map(cellsOf), ...offered.map((profile) => [...cellsOf(profile), 'in VS Code'])];
      await writeResult(table([['PROFILE', 'LABEL', 'PARTNER', 'ADDRESS'], ...rows]));
    } else if (problems.length === 0) note('There are no profiles. Add one: partner-auth profile add NAME');
    reportProblems(problems, files.paths);
    return undefined;
  });

function cellsOf({ id, label, definition, baseUrl }: OfferedProfile | CheckedProfile): readonly string[] {
  return [id, label, definition.label, baseUrl];
}
