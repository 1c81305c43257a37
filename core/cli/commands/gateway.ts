import { gatewaySecret, type Gateway } from '../../gateway/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { RunVerb } from '../grammar/verb.ts';
import { openGateway } from '../open-gateway.ts';
import { assertSignedIn, withSession } from '../profiles.ts';
import { note, writeResult } from '../terminal/output.ts';

/** How often to look whether the parent still runs, in ms. */
const parentInterval = 500;

export const run: RunVerb = (given, signal) =>
  withSession(given, async (session, { id, definition }) => {
    assertSignedIn(session, id);
    const [port, unixSocket, secretFile] = [given.number('port'), given.text('unix-socket'), given.text('secret-file')];
    const gateway = await openGateway(session, given, {
      ...(port !== undefined && { port }),
      ...(unixSocket !== undefined && { unixSocket }),
      ...(secretFile !== undefined && { secret: await gatewaySecret(secretFile) }),
      logger: { debug: () => undefined, info: note, warn: note, error: note },
    });
    note(`Calls to ${gateway.address} go to ${definition.label} with the session of ${id}. Ctrl+C to stop.`);
    try {
      await writeResult(`${gateway.url}\n`);
    } catch (error) {
      await gateway.close({ drain: 0 });
      throw error;
    }
    return untilStopped(gateway, signal, given.has('exit-with-parent'));
  });

/** Waits until the gateway is stopped, then until the calls in flight are complete. A second signal ends them. */
async function untilStopped(gateway: Gateway, signal: AbortSignal, withParent: boolean): Promise<number> {
  let received: NodeJS.Signals | undefined;
  const stopped = Promise.withResolvers<undefined>();
  const onSignal = (name: NodeJS.Signals): void => {
    if (received !== undefined) void gateway.close({ drain: 0 });
    received ??= name;
    stopped.resolve(undefined);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, onSignal);
  const parent = process.ppid;
  const watch = withParent
    ? setInterval(() => isGone(parent) && stopped.resolve(undefined), parentInterval)
    : undefined;
  if (signal.aborted) stopped.resolve(undefined);
  try {
    await stopped.promise;
    await gateway.close();
    return received === 'SIGINT' ? exitCodes.interrupted : exitCodes.success;
  } finally {
    clearInterval(watch);
    for (const name of signals) process.off(name, onSignal);
  }
}

/** Whether the parent has ended. On POSIX systems the process then gets another one. */
function isGone(parent: number): boolean {
  if (process.ppid !== parent) return true;
  try {
    process.kill(parent, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
