import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import type { Duplex } from 'node:stream';
import { describe, it, mock } from 'node:test';
import { inspect, promisify } from 'node:util';
import { memoryStore, openSession, PartnerAuthError, type PartnerSession } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { withHostAgent } from '../../helpers/host-agent.ts';
import { startProxy, type TestProxy, type TestProxyOptions } from '../../helpers/start-proxy.ts';
import { catchError } from '../../helpers/with-session.ts';
import { closedPortUrl } from '../transport/test-servers.ts';

interface Fixture {
  readonly session: PartnerSession;
  readonly proxy: TestProxy;
  /** What the partner has received while the host program used its proxy. */
  readonly received: () => number;
}

/** Runs a test with a session that is signed in, after which the host program has set a proxy. */
async function withHostProxy(
  options: TestProxyOptions & { readonly url?: string; readonly user?: string; readonly isSilent?: boolean },
  test: (fixture: Fixture) => Promise<void>,
): Promise<void> {
  await using sandbox = await startSandbox({ https: true });
  await using session = await openSession({ ...sandbox.profiles.tconnect, globalAgent: true });
  await session.login({ ...sandbox.profiles.tconnect.credentials });
  sandbox.clearJournal();
  const { url, user = '', isSilent = false, ...proxyOptions } = options;
  await using proxy = await startProxy(proxyOptions);
  const address = url ?? `http://${user}127.0.0.1:${proxy.port}`;
  await withHostAgent(address, () => test({ session, proxy, received: () => sandbox.journal.length }), isSilent);
}

async function refused(session: PartnerSession): Promise<PartnerAuthError> {
  const error = await catchError(session.refresh());
  assert.ok(error instanceof PartnerAuthError);
  return error;
}

describe('a session whose requests a host program sends through its own proxy', () => {
  it('refreshes and calls through it', () =>
    withHostProxy({}, async ({ session, proxy, received }) => {
      await session.refresh();
      await session.request('/openapi/v1/transaction/qr', { method: 'POST', payload: {} });
      assert.equal(received(), 2);
      assert.ok(proxy.requests.length > 0);
      assert.deepEqual(proxy.others, []);
    }));

  const page = (status: number, body: string) => (socket: { end(text: string): void }) =>
    socket.end(
      `HTTP/1.1 ${status} Status\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  const refusals: readonly (readonly [string, TestProxyOptions, Partial<PartnerAuthError>, RegExp])[] = [
    [
      'requires a user and password',
      { credentials: 'pat:word' },
      { code: 'configuration', setting: 'proxy.host', retryable: false },
      /requires a user and password \(HTTP 407\): add them to the proxy settings of the host program/,
    ],
    [
      'cannot reach the partner',
      { refuse: 502 },
      { code: 'network', setting: 'proxy', retryable: true },
      /could not connect to 127\.0\.0\.1:\d+ \(HTTP 502\)/,
    ],
    [
      'refuses to connect',
      { refuse: 403 },
      { code: 'network', setting: 'proxy', retryable: false },
      /refused to connect to 127\.0\.0\.1:\d+ \(HTTP 403\)/,
    ],
    [
      'sends what looks like a refusal of the partner',
      { handle: page(401, '{"code":"INVALID_REFRESH_TOKEN","message":"The refresh token is invalid"}') },
      { code: 'network', setting: 'proxy', retryable: false },
      /refused to connect to 127\.0\.0\.1:\d+ \(HTTP 401\)/,
    ],
    [
      'closes the connection',
      { handle: (socket) => socket.destroy() },
      { code: 'network', setting: 'proxy', retryable: true },
      /No connection to the proxy .*Check the proxy settings of the host program/,
    ],
  ];
  for (const [title, options, expected, message] of refusals) {
    it(`is kept, and reports that the proxy ${title}, not the partner`, () =>
      withHostProxy(options, async ({ session, proxy, received }) => {
        const error = await refused(session);
        for (const [name, value] of Object.entries(expected)) assert.equal(error[name as 'code'], value);
        assert.equal(error.status, undefined);
        assert.match(error.message, message);
        assert.match(error.message, new RegExp(`[Tt]he proxy 127\\.0\\.0\\.1:${proxy.port}\\b`));
        assert.equal(received(), 0);
        assert.equal(session.status.phase, 'valid');
        assert.equal(session.status.refused, undefined);
      }));
  }

  it('reports a refused stream of a call, and one to be read later, likewise', () =>
    withHostProxy({ refuse: 502 }, async ({ session }) => {
      await assert.rejects(session.stream('/openapi/v1/transaction/qr'), { code: 'network', setting: 'proxy' });
      await assert.rejects(session.fetch('/openapi/v1/transaction/qr'), { code: 'network', setting: 'proxy' });
    }));

  it('reports that the proxy refuses the user and password in its settings, without them', () =>
    withHostProxy({ credentials: 'pat:word', user: 'pat:secret-of-pat@' }, async ({ session }) => {
      const error = await refused(session);
      assert.match(error.message, /refused the user and password in the proxy settings of the host program/);
      assert.ok(!inspect(error).includes('secret-of-pat'));
    }));

  it('knows a refusal also if the host program does not report its proxy', () =>
    withHostProxy({ refuse: 502, isSilent: true }, async ({ session }) => {
      const error = await refused(session);
      assert.deepEqual([error.code, error.setting], ['network', 'proxy']);
      assert.match(error.message, /The proxy of the host program could not connect/);
    }));

  it('reports that nothing listens at the address of the proxy', async () => {
    const url = await closedPortUrl();
    await withHostProxy({ url }, async ({ session }) => {
      const error = await refused(session);
      assert.deepEqual([error.code, error.setting], ['network', 'proxy']);
      assert.match(error.message, /No connection to the proxy 127\.0\.0\.1:\d+: nothing listens at that address/);
    });
  });

  it('reports within the deadline of a call that the proxy lets it wait', () =>
    withHostProxy({ handle: () => undefined }, async ({ session }) => {
      const call = { method: 'POST', payload: {}, timeout: 200 } as const;
      const error = await catchError(session.request('/openapi/v1/transaction/qr', call));
      assert.ok(error instanceof PartnerAuthError);
      assert.deepEqual([error.code, error.setting, error.retryable], ['timeout', 'proxy', true]);
      assert.match(error.message, /The proxy of the host program did not connect in time/);
    }));

  it('ends a call that waits for the proxy when the call is aborted', () =>
    withHostProxy({ handle: () => undefined }, async ({ session }) => {
      const signal = AbortSignal.timeout(50);
      await assert.rejects(session.request('/openapi/v1/transaction/qr', { signal, timeout: 60_000 }), {
        code: 'aborted',
      });
    }));

  it('ends a call that waits for the proxy with the session, and sends nothing if the proxy connects later', async () => {
    const held: Duplex[] = [];
    const handle = (socket: Duplex): void => void held.push(socket);
    await withHostProxy({ handle }, async ({ session, received }) => {
      const call = assert.rejects(session.request('/openapi/v1/transaction/qr'), { code: 'closed' });
      while (held.length === 0) await new Promise(setImmediate);
      await session.close({ drain: 0 });
      await call;
      const [socket] = held;
      assert.ok(socket !== undefined);
      const ended = once(socket, 'end');
      socket.resume().write('HTTP/1.1 200 Connection established\r\n\r\n');
      await ended;
      assert.equal(received(), 0);
    });
  });

  it(
    'reports a refusal also where it is the agent of Node that reads the environment',
    {
      skip: !process.allowedNodeEnvironmentFlags.has('--use-env-proxy') && 'the agent of this Node does not',
    },
    async () => {
      await using proxy = await startProxy({ refuse: 502 });
      const program = `
      import { openSession } from ${JSON.stringify(new URL('../../../core/index.ts', import.meta.url).href)};
      await using session = await openSession({ partner: 'bizmail', baseUrl: 'https://partner.example', globalAgent: true });
      await session.login({ username: 'pat', password: 'word-of-pat' }).catch((error) => console.log(JSON.stringify(error)));`;
      const env = { ...process.env, NODE_USE_ENV_PROXY: '1', https_proxy: proxy.url, no_proxy: '', NO_PROXY: '' };
      const args = ['--input-type=module', '--eval', program];
      const { stdout } = await promisify(execFile)(process.execPath, args, { env });
      const { code, setting, message } = JSON.parse(stdout) as PartnerAuthError;
      assert.deepEqual([code, setting], ['network', 'proxy']);
      assert.match(message, /The proxy of the host program could not connect to partner\.example:443 \(HTTP 502\)/);
    },
  );

  it('never passes it with http, which the host program cannot redirect', async () => {
    await using sandbox = await startSandbox();
    const replaced = mock.method(http, 'request', () => {
      throw new Error('The host program sends it elsewhere.');
    });
    try {
      const store = memoryStore();
      await using session = await openSession({ ...sandbox.profiles.bizmail, store, globalAgent: true });
      await session.login({ ...sandbox.profiles.bizmail.credentials });
    } finally {
      replaced.mock.restore();
    }
    assert.equal(sandbox.journal.length, 1);
  });
});
