import { connect, type ListenOptions, type Server } from 'node:net';
import { systemErrorCode } from '../lib/system-error.ts';

/** Resolves when the server listens. @throws a system error, such as `EADDRINUSE`. */
export function listenOn(server: Server, address: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Whether a program listens on a Unix socket or pipe. */
export async function isServed(path: string): Promise<boolean> {
  const client = connect(path);
  try {
    return await new Promise((done) => {
      client.once('connect', () => done(true));
      client.once('error', (error) => done(!['ECONNREFUSED', 'ENOENT'].includes(systemErrorCode(error))));
    });
  } finally {
    client.destroy();
  }
}
