import type { RunVerb } from '../grammar/verb.ts';
import { sessionToken } from '../session-token.ts';
import { writeResult } from '../terminal/output.ts';
import { formatToken, minValidityOf } from '../token-format.ts';

/** With a token of the session, which refreshes it. One that is valid has been printed by `printStoredToken()`. */
export const run: RunVerb = async (given, signal) => {
  await writeResult(formatToken(await sessionToken(given, minValidityOf(given), signal), given));
  return undefined;
};
