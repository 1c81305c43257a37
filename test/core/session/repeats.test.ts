import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import dns from 'node:dns';
import type { ServerResponse } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { describe, it, mock } from 'node:test';
import timers from 'node:timers/promises';
import {
  openSession,
  type Clock,
  type PartnerDefinition,
  type PartnerSession,
  type SessionOptions,
} from '../../../core/index.ts';
import { incidents, rows, type Incident } from '../../generate/repeat-table.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { withRawPartner, type RawPartner } from '../../helpers/raw-partner.ts';
import { plainCredentials, plainPartner } from '../../helpers/with-partner.ts';

interface Call {
  readonly call: string;
  readonly options?: Partial<SessionOptions>;
  /** Whether the session is signed in before. */
  readonly signedIn?: boolean;
  make(session: PartnerSession): Promise<unknown>;
}

const withLogout: PartnerDefinition = { ...plainPartner, logout: { path: '/logout', tokenField: 'token' } };
const { refreshToken: _, ...response } = plainPartner.response;
const byLogin: PartnerDefinition = { ...plainPartner, refresh: 'login', response };

const request =
  (method: 'GET' | 'POST', retry?: SessionOptions['retry']): Call['make'] =>
  (session) =>
    session.request('/orders', { method, ...(retry !== undefined && { retry }) });

const calls: Readonly<Record<keyof typeof rows, readonly Call[]>> = {
  auth: [
    { call: 'POST /login', make: (session) => session.login(plainCredentials) },
    { call: 'POST /logout', options: { partner: withLogout }, make: (session) => session.signOut() },
  ],
  refresh: [{ call: 'POST /refresh', make: (session) => session.refresh() }],
  signInAgain: [
    {
      call: 'POST /login',
      options: { partner: byLogin, credentials: () => plainCredentials },
      make: (session) => session.refresh(),
    },
  ],
  get: [{ call: 'GET /orders', make: request('GET') }],
  post: [{ call: 'POST /orders', make: request('POST') }],
  always: [
    { call: 'POST /orders', make: request('POST', 'always') },
    { call: 'GET /orders', make: request('GET', 'always') },
  ],
  never: [
    { call: 'GET /orders', make: request('GET', false) },
    { call: 'POST /orders', make: request('POST', false) },
  ],
};

type Interfere = (response: ServerResponse) => unknown;

/** In seconds. */
const stated = 7;

/** How a server does what a column says, and what it does with the attempt that follows a broken connection. */
const interferences: Readonly<Record<Exclude<Incident, 'unsent'>, readonly (readonly [string, Interfere])[]>> = {
  refusedForNow: [
    [`503 with Retry-After ${stated}`, (sent) => sent.writeHead(503, { 'retry-after': String(stated) }).end('{}')],
    [`429 with Retry-After ${stated}`, (sent) => sent.writeHead(429, { 'retry-after': String(stated) }).end('{}')],
    ['429 with Retry-After 0', (sent) => sent.writeHead(429, { 'retry-after': '0' }).end('{}')],
  ],
  refused: [
    ['429', (sent) => sent.writeHead(429).end('{}')],
    ['429 with Retry-After 31', (sent) => sent.writeHead(429, { 'retry-after': '31' }).end('{}')],
  ],
  broken: [['a kept connection that breaks', (sent) => sent.destroy()]],
  lost: [
    ['500', (sent) => sent.writeHead(500).end('{}')],
    ['503', (sent) => sent.writeHead(503).end('{}')],
    ['a reset', (sent) => sent.destroy()],
    [
      'an incomplete response',
      (sent) => sent.writeHead(200, { 'content-length': '100' }).write('{"access":', () => sent.destroy()),
    ],
  ],
};

/** What one call did. */
interface Observed {
  /** The waits between its attempts, in ms. */
  readonly waits: readonly number[];
  /** The connections that it opened, or tried to. */
  readonly connections: number;
}

/** Makes a call in which no wait takes time. `jitter` is what `Math.random()` returns. */
async function observe(jitter: number, clock: WaitingClock, work: () => Promise<unknown>): Promise<Observed> {
  let connections = 0;
  const onSocket = (): void => {
    connections++;
  };
  const waits: number[] = [];
  clock.onWait = (delay) => waits.push(delay);
  const wait = mock.method(timers, 'setTimeout', (delay: number) => {
    waits.push(delay);
    return Promise.resolve();
  });
  const random = mock.method(Math, 'random', () => jitter);
  syncBuiltinESMExports();
  subscribe('net.client.socket', onSocket);
  try {
    await work().catch(() => undefined);
  } finally {
    unsubscribe('net.client.socket', onSocket);
    wait.mock.restore();
    random.mock.restore();
    syncBuiltinESMExports();
  }
  return { waits, connections };
}

interface WaitingClock extends Clock {
  onWait: (delay: number) => void;
}

function waitingClock(): WaitingClock {
  const clock = manualClock();
  const { wait } = clock;
  const waiting: WaitingClock = Object.assign(clock, {
    onWait: () => undefined,
    wait: (delay: number) => {
      waiting.onWait(delay);
      return wait(delay);
    },
  });
  return waiting;
}

/** Closes the connections that are kept, and keeps none from now on. */
async function keepNoConnection({ session, server }: RawPartner): Promise<void> {
  server.prependListener('request', (_request, sent: ServerResponse) => sent.setHeader('connection', 'close'));
  await session.request('/other');
}

/** The jitter that makes waits shortest, and longest. */
const jitters = { least: 0, most: 1 } as const;

describe('the table of what is sent again', () => {
  for (const [name, { call: title, repeats }] of Object.entries(rows)) {
    for (const { call, options = {}, make } of calls[name as keyof typeof rows]) {
      for (const [incident, ways] of Object.entries(interferences)) {
        const delays = repeats[incident as Incident];
        const count = 1 + delays.length;
        for (const [way, interfere] of ways) {
          // It is repeated as after other errors of the server too.
          if (name === 'refresh' && way.startsWith('503 with')) continue;
          it(`says truly that ${call} is sent ${count} times: ${title}, ${way}`, async () => {
            for (const [limit, jitter] of Object.entries(jitters)) {
              const clock = waitingClock();
              await withRawPartner({ clock, ...options }, async (partner) => {
                const { session, on, calls: received } = partner;
                const before = received().filter((each) => each === call).length;
                // The connection of the sign-in is kept; this one replaces it unless that is what breaks.
                if (incident !== 'broken') await keepNoConnection(partner);
                on(call, (sent) => interfere(sent));
                const { waits } = await observe(jitter, clock, () => make(session));
                assert.equal(
                  received().filter((each) => each === call).length - before,
                  count,
                  incidents[incident as Incident],
                );
                const base = way.endsWith(` ${stated}`) ? stated * 1000 : 0;
                assert.deepEqual(
                  waits,
                  delays.map((delay) => base + delay[limit as keyof typeof jitters]),
                );
              });
            }
          });
        }
      }

      it(`says truly how often ${call} is sent again if no byte of it was sent: ${title}`, async () => {
        for (const [limit, jitter] of Object.entries(jitters)) {
          const clock = waitingClock();
          await withRawPartner({ clock, ...options }, async (partner) => {
            const { session, server, calls: received } = partner;
            await keepNoConnection(partner);
            const before = received().length;
            await new Promise((resolve) => server.close(resolve));
            const { waits, connections } = await observe(jitter, clock, () => make(session));
            const delays = repeats.unsent.map((delay) => delay[limit as keyof typeof jitters]);
            assert.deepEqual([connections, waits], [1 + delays.length, delays], incidents.unsent);
            assert.equal(received().length, before);
          });
        }
      });
    }
  }

  it('says truly how often a call is sent again if DNS fails for now', async () => {
    const clock = waitingClock();
    await using session = await openSession({ partner: plainPartner, baseUrl: 'https://partner.example', clock });
    const lookups: string[] = [];
    const lookup = mock.method(dns, 'lookup', ((host: string, _options: unknown, done: (error: Error) => void) => {
      lookups.push(host);
      done(Object.assign(new Error(`getaddrinfo EAI_AGAIN ${host}`), { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }));
    }) as typeof dns.lookup);
    try {
      const { waits } = await observe(jitters.most, clock, () => session.login(plainCredentials));
      const delays = rows.auth.repeats.unsent.map(({ most }) => most);
      assert.deepEqual([lookups.length, waits], [1 + delays.length, delays]);
    } finally {
      lookup.mock.restore();
    }
  });
});
