import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Line extends AsyncDisposable {
  readonly port: number;
  /** `cut`: nothing listens any more. `resetEarly`: connections are reset before a byte is read. */
  set(state: 'open' | 'cut' | 'resetEarly'): Promise<void>;
}

/** A TCP line to a local port that can be cut and mended. */
export async function openLine(target: number): Promise<Line> {
  const sockets = new Set<Socket>();
  let state: 'open' | 'cut' | 'resetEarly' = 'open';
  const server = createServer({ pauseOnConnect: true }, (near) => {
    if (state === 'resetEarly') {
      near.resetAndDestroy();
      return;
    }
    const far = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        // A reset at one end is one at the other.
        if (other.connecting) other.destroy();
        else other.resetAndDestroy();
      });
      one.on('end', () => other.end());
    }
    near.pipe(far, { end: false });
    far.pipe(near, { end: false });
    near.resume();
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const close = async (): Promise<void> => {
    const closed = server.listening ? once(server, 'close') : undefined;
    if (server.listening) server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const port = await listen(0);
  return {
    port,
    async set(next) {
      for (const socket of sockets) socket.destroy();
      if (next === 'cut') await close();
      else if (!server.listening) await listen(port);
      state = next;
    },
    [Symbol.asyncDispose]: close,
  };
}
