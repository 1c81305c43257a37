import type { ListenOptions, Server } from 'node:net';

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
