import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Closes all connections and changes what happens to new ones. */
  setState(state: ProxyState): Promise<void>;
}

/** `open`: forwards connections. `closed`: refuses them. `resetEarly`: resets them before a byte is read. */
type ProxyState = 'open' | 'closed' | 'resetEarly';

/** Starts a TCP proxy in front of a local port. */
export async function openTcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let state: ProxyState = 'open';
  const server = createServer({ pauseOnConnect: true }, (client) => {
    if (state === 'resetEarly') {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        // The other side must see a reset as a reset.
        if (other.connecting) other.destroy();
        else other.resetAndDestroy();
      });
      one.on('end', () => other.end());
    }
    client.pipe(upstream, { end: false });
    upstream.pipe(client, { end: false });
    client.resume();
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
    async setState(next) {
      for (const socket of sockets) socket.destroy();
      if (next === 'closed') await close();
      else if (!server.listening) await listen(port);
      state = next;
    },
    [Symbol.asyncDispose]: close,
  };
}
