import { readArguments, runSandbox } from '../../sandbox/program.ts';
import { exitCodes } from '../exit-codes.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { note } from '../terminal/output.ts';
import { UsageError } from '../usage-error.ts';

export const run: RunVerb = async (given) => {
  const settings = await readArguments(given.raw.filter((arg) => arg !== '-v' && arg !== '--verbose')).catch(
    (error: unknown) => {
      throw new UsageError(error instanceof Error ? error.message : String(error));
    },
  );
  try {
    await runSandbox(settings);
    return exitCodes.success;
  } catch (error) {
    note(`The sandbox could not start: ${error instanceof Error ? error.message : String(error)}`);
    return exitCodes.failure;
  }
};
