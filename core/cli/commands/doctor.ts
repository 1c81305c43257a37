import { checks, type Check } from '../checks.ts';
import { exitCodes } from '../exit-codes.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { selectProfile, withProfiles } from '../profiles.ts';
import { table, writeJson, writeResult } from '../terminal/output.ts';
import { withProgress } from '../terminal/progress.ts';

export const run: RunVerb = (given, signal) =>
  withProfiles(async (files) => {
    const profile = await selectProfile(files, given);
    const found: Check[] = await withProgress(`Checking ${profile.label}`, () => checks(files, profile, signal));
    if (given.has('json')) await writeJson({ version: 1, profile: profile.id, checks: found });
    else await writeResult(table(found.map(({ name, result, text }) => [marks[result], name, text])));
    return found.some(({ result }) => result === 'failed') ? exitCodes.failure : exitCodes.success;
  });

const marks: Readonly<Record<Check['result'], string>> = {
  ok: 'ok',
  warning: 'warning',
  failed: 'FAILED',
  skipped: '-',
};
