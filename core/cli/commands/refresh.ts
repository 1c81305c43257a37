import type { RunVerb } from '../grammar/verb.ts';
import { withSession } from '../profiles.ts';
import { statusJson } from '../status.ts';
import { note, writeJson } from '../terminal/output.ts';
import { withProgress } from '../terminal/progress.ts';
import { duration, localTime } from '../terminal/times.ts';

export const run: RunVerb = (given, signal) =>
  withSession(given, async (session, profile, known) => {
    await withProgress(`Refreshing the tokens of ${profile.label}`, () => session.refresh({ signal }));
    const now = Date.now();
    const { accessExpiresAt: until } = session.status;
    note(
      `Refreshed ${profile.id}.${until === undefined ? '' : ` The token is valid for ${duration(until - now)}, until ${localTime(until)}.`}`,
    );
    if (given.has('json')) await writeJson(statusJson(await known(), now));
    return undefined;
  });
