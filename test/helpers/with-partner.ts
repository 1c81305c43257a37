import { createServer, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  memoryStore,
  openSession,
  type PartnerDefinition,
  type PartnerSession,
  type RefreshCall,
  type SessionOptions,
  type TokenStore,
} from '../../core/index.ts';
import { manualClock, type ManualClock } from './manual-clock.ts';

/** One response of the partner. */
export interface Reply {
  /** Default 200. */
  readonly status?: number;
  /** Default `content-type: application/json`. */
  readonly headers?: OutgoingHttpHeaders;
  /** An object is sent as JSON. */
  readonly body?: string | Buffer | object;
}

export type Replier = Reply | 'lost' | (() => Reply | 'lost');

export interface PartnerFixture {
  readonly session: PartnerSession;
  readonly store: TokenStore;
  readonly clock: ManualClock;
  /** The paths that were called, oldest first. */
  readonly calls: readonly string[];
  /** The bodies of these calls. */
  readonly bodies: readonly string[];
  /** Opens another session on the same store, as a second program would. */
  open(options?: Partial<SessionOptions>): Promise<PartnerSession>;
  /**
   * Sets what the partner sends from now on to calls of `path`; undefined restores its own response. `lost` closes the
   * connection in its place.
   */
  reply(path: string, reply: Replier | undefined): void;
}

export const plainRefresh: RefreshCall = { path: '/refresh', tokenField: 'refresh' };

/** A partner that takes plain JSON. */
export const plainPartner: PartnerDefinition = {
  id: 'plain',
  label: 'Plain Partner',
  body: { form: 'json' },
  credentials: [
    { name: 'user', label: 'User', account: true },
    { name: 'password', label: 'Password', secret: true },
  ],
  login: { path: '/login' },
  refresh: plainRefresh,
  response: {
    accessToken: 'access',
    refreshToken: 'refresh',
    accessExpiry: { field: 'expires', unit: 'seconds' },
    code: 'code',
    message: 'message',
  },
  errors: [
    { on: ['login'], code: 'BAD_LOGIN', is: 'invalidCredentials' },
    { on: ['refresh'], code: 'BAD_REFRESH', is: 'sessionEnded' },
    { on: ['request'], code: 'BAD_TOKEN', is: 'tokenRefused' },
    { on: ['login'], status: 401, is: 'invalidCredentials' },
    { on: ['refresh'], status: 401, is: 'sessionEnded' },
    { status: 423, is: 'accountUnavailable' },
    { on: ['request'], status: 401, is: 'tokenRefused' },
  ],
};

export const plainCredentials = { user: 'ann', password: 'S3cret-of-ann' };

/**
 * Runs a test with a real server for `plainPartner`, or a partner with the same paths. Its login and refresh issue
 * numbered tokens (`access-1`, `refresh-1`) that are valid for an hour by the manual clock.
 */
export async function withPartner(
  options: Partial<SessionOptions> & { readonly definition?: PartnerDefinition },
  test: (fixture: PartnerFixture) => Promise<void>,
): Promise<void> {
  const { definition = plainPartner, ...overrides } = options;
  const clock = manualClock();
  const replies = new Map<string, Replier>();
  const calls: string[] = [];
  const bodies: string[] = [];
  let issued = 0;
  const issue = (): Reply => ({ body: { access: `access-${++issued}`, refresh: `refresh-${issued}`, expires: 3600 } });

  const server = createServer((request, response) => {
    const path = request.url ?? '';
    calls.push(path);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString());
      const set: Replier = replies.get(path) ?? (path === '/login' || path === '/refresh' ? issue : { body: {} });
      const reply = typeof set === 'function' ? set() : set;
      if (reply === 'lost') {
        request.socket.destroy();
        return;
      }
      const { status = 200, headers = { 'content-type': 'application/json' }, body = '' } = reply;
      response.writeHead(status, headers);
      response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { store = memoryStore() } = overrides;
  const baseUrl = `http://127.0.0.1:${port}`;
  const opened: PartnerSession[] = [];
  const open = async (more: Partial<SessionOptions> = {}): Promise<PartnerSession> => {
    const session = await openSession({ partner: definition, baseUrl, clock, ...overrides, store, ...more });
    opened.push(session);
    return session;
  };
  try {
    const session = await open();
    await test({
      session,
      store,
      clock,
      calls,
      bodies,
      open,
      reply(path, reply) {
        if (reply === undefined) replies.delete(path);
        else replies.set(path, reply);
      },
    });
  } finally {
    for (const session of opened) await session.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
