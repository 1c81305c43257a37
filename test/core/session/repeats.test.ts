import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import type { PartnerDefinition, PartnerSession, SessionOptions } from '../../../core/index.ts';
import { incidents, rows, type Incident } from '../../generate/repeat-table.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
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

/** How a server does what a column says, and what it does with the attempt that follows a broken connection. */
const interferences: Readonly<Record<Exclude<Incident, 'unsent'>, readonly (readonly [string, Interfere])[]>> = {
  refusedForNow: [['429 with Retry-After 0', (sent) => sent.writeHead(429, { 'retry-after': '0' }).end('{}')]],
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

describe('the table of what is sent again', () => {
  for (const [name, { call: title, repeats }] of Object.entries(rows)) {
    for (const { call, options = {}, make } of calls[name as keyof typeof rows]) {
      for (const [incident, ways] of Object.entries(interferences)) {
        const count = 1 + repeats[incident as Incident].length;
        for (const [way, interfere] of ways) {
          it(`says truly that ${call} is sent ${count} times: ${title}, ${way}`, () =>
            withRawPartner({ clock: manualClock(), ...options }, async ({ session, server, on, calls: received }) => {
              const before = received().filter((each) => each === call).length;
              const isKept = incident === 'broken';
              server.prependListener('request', (_request, sent: ServerResponse) => {
                if (!isKept) sent.setHeader('connection', 'close');
              });
              // The connection of the sign-in is kept; this one replaces it unless that is what breaks.
              if (!isKept) await session.request('/other');
              on(call, (sent) => interfere(sent));
              await make(session).catch(() => undefined);
              assert.equal(
                received().filter((each) => each === call).length - before,
                count,
                incidents[incident as Incident],
              );
            }));
        }
      }
    }
  }
});
