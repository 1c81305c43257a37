import { isPartnerAuthError } from '../index.ts';
import { commands } from './commands/index.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { parse } from './grammar/parse.ts';
import type { Given } from './grammar/given.ts';
import type { RunVerb, Verb } from './grammar/verb.ts';
import { stopReadingOn } from './terminal/ask.ts';
import { errorText, errorJson, withOptionName } from './terminal/error-text.ts';
import { note, OutputError, writeJson, writeResult } from './terminal/output.ts';
import { debug, setVerbose } from './terminal/debug.ts';
import { UsageError } from './usage-error.ts';

/** Runs the program. Resolves with its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  // The reader of a pipe may close it early (`partner-auth demo | head`). What must be written reports it itself.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  if (args[0] === '__complete') {
    const { complete } = await import('./grammar/complete.ts');
    return complete(args.slice(1));
  }
  const parsed = parse(args);
  switch (parsed.kind) {
    case 'problem':
      note(parsed.problem);
      note(`See: partner-auth ${parsed.verb === undefined ? '--help' : `${parsed.verb.name} --help`}`);
      return exitCodes.usage;
    case 'help': {
      const { programHelp } = await import('./grammar/help.ts');
      return finish(writeResult(programHelp(parsed.verbs)));
    }
    case 'version': {
      const { version } = await import('./version.ts');
      return finish(writeResult(`${version()}\n`));
    }
    case 'run':
      setVerbose(parsed.verbose);
      return run(parsed.verb, parsed.given);
  }
}

async function run(verb: Verb, given: Given): Promise<number> {
  const interrupt = new AbortController();
  stopReadingOn(interrupt.signal);
  let signalled: NodeJS.Signals | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Once: a second one ends the program at once.
    process.once(signal, () => {
      signalled ??= signal;
      interrupt.abort();
    });
  }
  try {
    return (await (await load(verb)).run(given, interrupt.signal)) ?? exitCodes.success;
  } catch (error) {
    if (error instanceof UsageError) {
      note(error.message);
      note(`See: partner-auth ${verb.name} --help`);
      return exitCodes.usage;
    }
    if (isPartnerAuthError(error) && error.code === 'aborted') {
      note('Interrupted.');
      return signalled === 'SIGTERM' ? exitCodes.terminated : exitCodes.interrupted;
    }
    if (isPartnerAuthError(error) || error instanceof TypeError) {
      if (given.has('json')) await writeJson(errorJson(error)).catch(() => undefined);
      const text = errorText(error, given);
      // What a file has is named as in the file.
      const options = given.has('from') ? [] : (verb.options ?? []).map(({ name }) => name);
      note(isPartnerAuthError(error) ? withOptionName(text, error, options) : text);
    } else note(unexpected(error));
    return exitCodeOf(error);
  }
}

/** An error that nobody has foreseen. Only what the system reports is known to contain no secret. */
function unexpected(error: unknown): string {
  if (error instanceof OutputError || (error instanceof Error && 'syscall' in error)) return error.message;
  const { name, stack = '' } = error instanceof Error ? error : { name: typeof error };
  const places = stack.split('\n').filter((line) => /^ {4}at /.test(line));
  for (const place of places) debug(place.trim());
  return `This is a bug of partner-auth (${name}). Run it with -v to see where.`;
}

function load({ name }: Verb): Promise<{ readonly run: RunVerb }> {
  const command = commands[name];
  if (command === undefined) throw new TypeError(`Nothing runs ${name}.`);
  return command();
}

/** Printing for a person: one that has stopped reading has read enough. */
async function finish(work: Promise<void>): Promise<number> {
  await work.catch(() => undefined);
  return exitCodes.success;
}
