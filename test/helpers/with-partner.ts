import { createServer, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  memoryStore,
  openSession,
  type PartnerDefinition,
  type PartnerSession,
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

export interface PartnerFixture {
  readonly session: PartnerSession;
  readonly store: TokenStore;
  readonly clock: ManualClock;
  /** The paths that were called, oldest first. */
  readonly calls: readonly string[];
  /** Sets what the partner sends from now on to calls of `path`; undefined restores its own response. */
  reply(path: string, reply: Reply | undefined): void;
}

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
  refresh: { path: '/refresh', tokenField: 'refresh' },
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
  const replies = new Map<string, Reply>();
  const calls: string[] = [];
  let issued = 0;
  const issue = (): Reply => ({ body: { access: `access-${++issued}`, refresh: `refresh-${issued}`, expires: 3600 } });

  const server = createServer((request, response) => {
    const path = request.url ?? '';
    calls.push(path);
    request.resume().on('end', () => {
      const reply: Reply = replies.get(path) ?? (path === '/login' || path === '/refresh' ? issue() : { body: {} });
      const { status = 200, headers = { 'content-type': 'application/json' }, body = '' } = reply;
      response.writeHead(status, headers);
      response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const store = memoryStore();
  try {
    await using session = await openSession({
      partner: definition,
      baseUrl: `http://127.0.0.1:${port}`,
      clock,
      store,
      ...overrides,
    });
    await test({
      session,
      store,
      clock,
      calls,
      reply(path, reply) {
        if (reply === undefined) replies.delete(path);
        else replies.set(path, reply);
      },
    });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
