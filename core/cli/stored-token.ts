import { nodeFs } from '../profiles/index.ts';
import { storedToken } from '../profiles/files/index.ts';
import { exitCodes } from './exit-codes.ts';
import { parse } from './grammar/parse.ts';
import { note, OutputError, writeResult } from './terminal/output.ts';
import { formatToken, minValidityOf } from './token-format.ts';

/**
 * Prints the stored token if that is what is asked for and it is valid: nearly always. It is bundled alone, with a tenth of
 * the code of the whole program. Writes nothing but the token.
 *
 * @returns the exit code; undefined if the whole program must run, because the token must be refreshed or it is another verb.
 */
export async function printStoredToken(args: readonly string[]): Promise<number | undefined> {
  const parsed = parse(args);
  if (parsed.kind !== 'run' || parsed.verb.name !== 'token') return undefined;
  const { given } = parsed;
  const stored = await storedToken(process.env, given.argument('NAME'), minValidityOf(given));
  if (stored === undefined) return undefined;
  try {
    await write(formatToken(stored, given));
    return exitCodes.success;
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
    note(error.message);
    return exitCodes.failure;
  }
}

/** `process.stdout` takes as long to load as all the rest, so it writes only what a full pipe does not take at once. */
async function write(text: string): Promise<void> {
  let rest: Buffer = Buffer.from(text);
  try {
    while (rest.length > 0) rest = rest.subarray(nodeFs().writeSync(1, rest));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EAGAIN') throw new OutputError(code);
    await writeResult(rest);
  }
}
