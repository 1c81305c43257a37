import type { Agent as HttpAgent, ClientRequest, IncomingMessage } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';

/** How long an idle connection is kept if the partner does not say how long it keeps one, in ms. */
const defaultIdleLimit = 4_000;
/** In ms. Firewalls on the way forget idle connections that the partner would keep longer. */
const maxIdleLimit = 60_000;
/** How much earlier than the partner this end closes, in ms: a request must not cross the partner's close. */
const closeMargin = 1_000;

/** How long to keep an idle connection, in ms, by the partner's `Keep-Alive` header; 0 to close it at once. */
export function idleLimit(hint: string | undefined): number {
  if (/(?:^|[\s,;])max\s*=\s*"?0\b/i.test(hint ?? '')) return 0;
  const seconds = /(?:^|[\s,;])timeout\s*=\s*"?(\d{1,9})/i.exec(hint ?? '')?.[1];
  if (seconds === undefined) return defaultIdleLimit;
  return Math.min(maxIdleLimit, Math.max(0, Number(seconds) * 1000 - closeMargin));
}

interface Idle {
  readonly wall: number;
  readonly monotonic: number;
  readonly limit: number;
}

/** Connections that are kept open between requests. */
export interface Connections {
  readonly agents: { readonly http: HttpAgent; readonly https: HttpsAgent };
  /** Remembers how long the partner keeps the connection of a response. */
  noteResponse(response: IncomingMessage): void;
  /** Resolves when no connection that is known to be closed or too old can be used for a request. */
  settle(): Promise<void>;
  /** Closes the idle connections. Those in use continue. */
  closeIdle(): void;
  close(): void;
}

/**
 * Keeps the connections of two agents open between requests, for no longer than the partner does.
 *
 * @param now wall clock, epoch ms. It also counts the time that the machine slept, which timers do not.
 */
export function keepConnections(http: HttpAgent, https: HttpsAgent, now: () => number): Connections {
  const agents = [http, https];
  const hints = new WeakMap<Socket, string>();
  const idle = new WeakMap<Socket, Idle>();

  function keepSocketAlive(socket: Socket): boolean {
    const limit = idleLimit(hints.get(socket));
    if (limit === 0) return false;
    idle.set(socket, { wall: now(), monotonic: performance.now(), limit });
    socket.setKeepAlive(true, 1_000);
    socket.unref();
    // Node closes an idle connection when its timeout fires.
    socket.setTimeout(limit);
    return true;
  }
  for (const agent of agents) agent.keepSocketAlive = keepSocketAlive;

  const idleSockets = (): Socket[] =>
    agents.flatMap(({ freeSockets }) => Object.values(freeSockets).flatMap((sockets) => sockets ?? []));
  const hasIdle = (): boolean => agents.some(({ freeSockets }) => Object.keys(freeSockets).length > 0);

  function destroyOld(): void {
    const wall = now();
    const monotonic = performance.now();
    for (const socket of idleSockets()) {
      const since = idle.get(socket);
      if (since !== undefined && Math.max(wall - since.wall, monotonic - since.monotonic) >= since.limit)
        socket.destroy();
    }
  }

  // Shared by the calls that wait for the same turn: most of a call that arrives among many is what it does not share.
  let turn: Promise<void> | undefined;
  const nextTurn = (): Promise<void> => (turn ??= takeTurn().finally(() => (turn = undefined)));
  async function takeTurn(): Promise<void> {
    destroyOld();
    await yieldToEventLoop();
  }

  return {
    agents: { http, https },
    noteResponse({ socket, headers }) {
      hints.set(socket, [headers['keep-alive'] ?? []].flat().join());
    },
    async settle() {
      if (!hasIdle()) return;
      // After the event loop was blocked, it has yet to read that the partner has closed a connection. The second turn
      // begins after it has polled.
      await nextTurn();
      await nextTurn();
    },
    closeIdle() {
      for (const socket of idleSockets()) socket.destroy();
    },
    close() {
      for (const agent of agents) agent.destroy();
    },
  };
}

/** What a connection had carried when a request was given to it. */
export interface ConnectionUse {
  /** The connection was used before. */
  readonly isReused: boolean;
  /** Bytes of this request were written to it. */
  readonly isWritten: boolean;
  /** Bytes of this response were received on it. */
  readonly isRead: boolean;
}

/** Observes which connection a request gets. The returned function reports what it has carried so far. */
export function observeConnection(request: ClientRequest): () => ConnectionUse {
  let start: { readonly socket: Socket; readonly read: number; readonly written: number } | undefined;
  request.once('socket', (socket) => (start = { socket, read: socket.bytesRead, written: socket.bytesWritten }));
  return () => ({
    isReused: request.reusedSocket,
    isWritten: start !== undefined && start.socket.bytesWritten > start.written,
    isRead: start !== undefined && start.socket.bytesRead > start.read,
  });
}
