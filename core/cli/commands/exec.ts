import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { childCommand } from '../child-command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Given } from '../grammar/given.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { assertSignedIn, withSession } from '../profiles.ts';
import { sessionToken } from '../session-token.ts';
import { fromEnvironment } from '../terminal/environment.ts';
import { note } from '../terminal/output.ts';
import { configurationFailure, UsageError } from '../usage-error.ts';

/** Marks the environment of a child, since nothing else may be left in it. */
const marker = 'PARTNERAUTH_INSIDE_EXEC';
/** In seconds. The child cannot refresh the token. */
const minValidity = 60;

export const run: RunVerb = async (given, signal) => {
  if (fromEnvironment('PARTNER_AUTH_GATEWAY') !== undefined || fromEnvironment(marker) !== undefined)
    throw configurationFailure('This is inside partner-auth exec already. Use its gateway, or leave it first.');
  if (given.command[0] === '') throw new UsageError('The command is empty.');
  const variable = given.text('token-env');
  if (variable !== undefined) return withToken(given, variable, signal);
  return withSession(given, async (session, { id }) => {
    assertSignedIn(session, id);
    const { openGateway } = await import('../open-gateway.ts');
    const gateway = await openGateway(session, given);
    try {
      return await runChild(given, { PARTNER_AUTH_GATEWAY: gateway.url });
    } finally {
      await gateway.close({ drain: 0 });
    }
  });
};

/** Hands over the token itself, which the child can keep and pass on. */
async function withToken(given: Given, variable: string, signal: AbortSignal): Promise<number> {
  if (!/^[A-Za-z_]\w{0,99}$/.test(variable))
    throw new UsageError('--token-env must be the name of an environment variable.');
  if (given.has('read-only') || given.has('allow'))
    throw new UsageError('--read-only and --allow are for the gateway, which --token-env does without.');
  const { token } = await sessionToken(given, minValidity, signal);
  return runChild(given, { [variable]: token });
}

/** The environment without the secrets of this program, of which the key of the store opens more than a token. */
function childEnvironment(added: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const isKept = (name: string): boolean => !/^(?:PARTNER_AUTH_|ELECTRON_RUN_AS_NODE$)/i.test(name);
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => isKept(name))),
    [marker]: '1',
    ...added,
  };
}

/** Runs the command with the streams of this process, and resolves with its exit code: 128 and its number for a signal. */
async function runChild({ command }: Given, added: Readonly<Record<string, string>>): Promise<number> {
  const [program = '', ...args] = command;
  const env = childEnvironment(added);
  const { file, args: given, ...options } = childCommand(program, args, { platform: process.platform, env });
  let forwarders: readonly (() => unknown)[] = [];
  try {
    // It throws by itself for what the system cannot start at all, such as too long an argument.
    const child = spawn(file, given, { stdio: 'inherit', env, windowsHide: true, ...options });
    forwarders = (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const).map((signal) => {
      const forward = (): void => {
        // The terminal sends these to the child too.
        const isSentToBoth = process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT');
        if (!isSentToBoth) child.kill(signal);
      };
      process.on(signal, forward);
      return () => process.off(signal, forward);
    });
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT';
    note(
      isMissing
        ? `The command ${program} was not found.`
        : `The command ${program} could not be run (${code ?? 'unknown error'}).`,
    );
    return isMissing ? exitCodes.commandNotFound : exitCodes.commandNotExecutable;
  } finally {
    for (const stop of forwarders) stop();
  }
}
