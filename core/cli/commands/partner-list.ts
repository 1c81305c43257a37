import { partners, type PartnerDefinition } from '../../index.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { reportProblems, withProfiles } from '../profiles.ts';
import { table, writeJson, writeResult } from '../terminal/output.ts';

export const run: RunVerb = (given) =>
  withProfiles(async (files) => {
    const { partners: known, problems } = await files.list();
    const all = Object.values<PartnerDefinition>(known);
    const origin = (id: string): string => (Object.hasOwn(partners, id) ? 'built in' : files.paths.partners);
    if (given.has('json')) await writeJson(all);
    else
      await writeResult(
        table([['PARTNER', 'LABEL', 'DEFINED IN'], ...all.map(({ id, label }) => [id, label, origin(id)])]),
      );
    reportProblems(
      problems.filter(({ of }) => of === 'partner'),
      files.paths,
    );
    return undefined;
  });
