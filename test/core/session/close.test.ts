import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { PartnerSession } from '../../../core/index.ts';
import { plainCredentials } from '../../helpers/with-partner.ts';
import { withRawPartner, type RawPartner } from '../../helpers/raw-partner.ts';

const calls: Readonly<Record<string, (session: PartnerSession) => Promise<unknown>>> = {
  'request()': (session) => session.request('/slow'),
  'stream()': (session) => session.stream('/slow'),
  'fetch()': (session) => session.fetch('/slow'),
};

/** Holds the responses to a call back. Resolves with the first of them once the call has arrived. */
function holdBack({ on }: RawPartner, call: string): Promise<ServerResponse> {
  return new Promise((resolve) => on(call, (response) => resolve(response)));
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = {};
  for (let turn = 0; turn < 10; turn++) await yieldToEventLoop();
  return (await Promise.race([promise.catch(() => undefined), Promise.resolve(pending)])) !== pending;
}

describe('close()', () => {
  for (const [name, call] of Object.entries(calls)) {
    it(`waits for ${name} in flight, and refuses new calls at once`, () =>
      withRawPartner({}, async (partner) => {
        const { session } = partner;
        const arrived = holdBack(partner, 'GET /slow');
        const inFlight = call(session);
        const response = await arrived;
        const closed = session.close();
        await assert.rejects(call(session), { code: 'closed', retryable: false });
        assert.equal(await isSettled(closed), false);
        response.setHeader('content-type', 'application/json').end('{"a":1}');
        assert.equal(((await inFlight) as { ok: boolean }).ok, true);
        await closed;
      }));

    it(`rejects ${name} with closed if it takes longer than drain`, () =>
      withRawPartner({}, async (partner) => {
        const { session } = partner;
        const arrived = holdBack(partner, 'GET /slow');
        const inFlight = assert.rejects(call(session), { code: 'closed', retryable: false });
        await arrived;
        await session.close({ drain: 20 });
        await inFlight;
      }));

    it(`rejects ${name} with closed also where connections are those of Node's global agents`, () =>
      withRawPartner({ globalAgent: true }, async (partner) => {
        const { session } = partner;
        const arrived = holdBack(partner, 'GET /slow');
        const inFlight = assert.rejects(call(session), { code: 'closed' });
        const { socket } = await arrived;
        const cut = new Promise((resolve) => socket?.once('close', resolve));
        await session.close({ drain: 0 });
        await inFlight;
        await cut;
      }));
  }

  it('lets a call in flight refresh a refused token and be repeated', () =>
    withRawPartner({}, async (partner) => {
      const { session, on } = partner;
      const arrived = new Promise<ServerResponse>((resolve) =>
        on('GET /slow', (response, number) => (number === 1 ? resolve(response) : false)),
      );
      const inFlight = session.request('/slow');
      const response = await arrived;
      const closed = session.close();
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"code":"BAD_TOKEN"}');
      assert.equal((await inFlight).status, 200);
      await closed;
      assert.deepEqual(partner.calls(), ['POST /login', 'GET /slow', 'POST /refresh', 'GET /slow']);
    }));

  it('waits for a body that is being read, and fails it with closed after drain', () =>
    withRawPartner({}, async ({ session, on }) => {
      on('GET /file', (response) => response.writeHead(200, { 'content-type': 'image/png' }).write('begin'));
      const { body } = await session.stream('/file');
      const reader = body.getReader();
      assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), 'begin');
      const rest = assert.rejects(reader.read(), { code: 'closed', retryable: false });
      await session.close({ drain: 20 });
      await rest;
    }));

  it('lets a body that is being read arrive to its end', () =>
    withRawPartner({}, async ({ session, on }) => {
      let response: ServerResponse | undefined;
      on('GET /file', (file) => {
        response = file.writeHead(200, { 'content-type': 'image/png' });
        response.write('begin ');
      });
      const { body } = await session.stream('/file');
      const chunks = (async () => {
        const read = [];
        for await (const chunk of body) read.push(chunk);
        return Buffer.concat(read).toString();
      })();
      await yieldToEventLoop();
      const closed = session.close();
      assert.equal(await isSettled(closed), false);
      response?.end('end');
      assert.equal(await chunks, 'begin end');
      await closed;
    }));

  it('does not wait for a body that nobody reads', () =>
    withRawPartner({}, async ({ session, on }) => {
      on('GET /file', (response) => response.writeHead(200, { 'content-type': 'image/png' }).write('begin'));
      const { body } = await session.stream('/file');
      await session.close({ drain: 86_400_000 });
      await assert.rejects(body.getReader().read(), { code: 'closed' });
    }));

  it('ends a call that waits before it is sent again', () =>
    withRawPartner({}, async ({ session, on }) => {
      const arrived = new Promise<void>((resolve) =>
        on('GET /slow', (response) => {
          response.writeHead(429, { 'retry-after': '20' }).end();
          resolve();
        }),
      );
      const inFlight = assert.rejects(session.request('/slow'), { code: 'closed' });
      await arrived;
      await session.close({ drain: 20 });
      await inFlight;
    }));

  it('rejects callers of a refresh after drain, but waits for the refresh and saves its tokens', () =>
    withRawPartner({}, async (partner) => {
      const { session } = partner;
      const arrived = holdBack(partner, 'POST /refresh');
      const refresh = session.refresh();
      const response = await arrived;
      const closed = session.close({ drain: 0 });
      await assert.rejects(refresh, { code: 'closed' });
      assert.equal(await isSettled(closed), false);
      response.setHeader('content-type', 'application/json').end('{"access":"a2","refresh":"r2","expires":3600}');
      await closed;
      assert.equal(session.status.phase, 'valid');
      assert.equal(session.status.lastError, undefined);
    }));

  it('waits for a login in flight and saves it', () =>
    withRawPartner({ signedIn: false }, async (partner) => {
      const { session, on } = partner;
      const arrived = new Promise<ServerResponse>((resolve) => on('POST /login', (response) => resolve(response)));
      const login = session.login(plainCredentials);
      const response = await arrived;
      const closed = session.close();
      response.setHeader('content-type', 'application/json').end('{"access":"a","refresh":"r","expires":3600}');
      await Promise.all([login, closed]);
      assert.equal(session.status.phase, 'valid');
    }));

  it('ends at once without calls in flight, and can be called again', () =>
    withRawPartner({}, async ({ session }) => {
      await session.request('/x');
      await session.close({ drain: 86_400_000 });
      await session.close();
    }));

  it('refuses a drain that is not a number of ms', () =>
    withRawPartner({}, async ({ session }) => {
      for (const drain of [-1, NaN, Infinity, '5' as unknown as number])
        await assert.rejects(session.close({ drain }), { name: 'TypeError', message: /drain of close\(\)/ });
      assert.equal((await session.request('/x')).ok, true);
    }));
});
