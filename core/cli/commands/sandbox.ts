import { readArguments, runSandbox } from '../../sandbox/program.ts';
import { exitCodes } from '../exit-codes.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { note } from '../terminal/output.ts';
import { configurationFailure, UsageError } from '../usage-error.ts';

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
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
      throw configurationFailure(
        `Port ${settings.port} of 127.0.0.1 is in use by another program. Use another port, or none for a free one.`,
      );
    note(`The sandbox could not start: ${error instanceof Error ? error.message : String(error)}`);
    return exitCodes.failure;
  }
};
