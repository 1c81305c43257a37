import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { dirname, join } from 'node:path';

export const standInKey = 'ab'.repeat(32);

/** A program that listens where the file `addressFile` says, on a Unix socket in the place of a window of the editor. */
export async function standInWindow(
  addressFile: string,
  onRequest: RequestListener = () => undefined,
): Promise<AsyncDisposable & { readonly socket: string; readonly closed: Promise<undefined> }> {
  const folder = join(dirname(addressFile), 'partner-auth-StandI');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const socket = join(folder, 'socket');
  const server = createServer(onRequest);
  const { promise: closed, resolve } = Promise.withResolvers<undefined>();
  server.on('connection', (connection) => connection.on('close', () => resolve(undefined)));
  server.listen(socket);
  await once(server, 'listening');
  await writeFile(addressFile, JSON.stringify({ version: 1, socket, key: standInKey }), { mode: 0o600 });
  return {
    socket,
    /** Resolves when a connection to it has ended. */
    closed,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
