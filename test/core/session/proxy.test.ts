import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import dns from 'node:dns';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { describe, it, mock } from 'node:test';
import { inspect, promisify } from 'node:util';
import {
  memoryStore,
  openSession,
  PartnerAuthError,
  type PartnerSession,
  type SessionOptions,
} from '../../../core/index.ts';
import { startSandbox, type Sandbox } from '../../../core/sandbox/index.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { startProxy, type TestProxyOptions } from '../../helpers/start-proxy.ts';
import { catchError } from '../../helpers/with-session.ts';
import { closedPortUrl } from '../transport/test-servers.ts';

const hostOf = (url: string): string => new URL(url).host;

async function open(sandbox: Sandbox, options: Partial<SessionOptions>): Promise<PartnerSession> {
  return openSession({ ...sandbox.profiles.tconnect, ...options });
}

async function loginError(
  options: Partial<SessionOptions>,
  secure = true,
  signal?: AbortSignal,
): Promise<PartnerAuthError> {
  await using sandbox = await startSandbox({ https: secure });
  await using session = await open(sandbox, options);
  const error = await catchError(session.login({ ...sandbox.profiles.tconnect.credentials }, { signal }));
  assert.ok(error instanceof PartnerAuthError);
  assert.equal(sandbox.journal.length, 0, 'nothing reaches the partner');
  return error;
}

/** Sets variables of the environment for a test, and removes all others that concern proxies. */
async function withEnvironment(variables: Readonly<Record<string, string>>, test: () => Promise<void>): Promise<void> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);
  const before = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, variables);
  try {
    await test();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}

describe('a session with a proxy', () => {
  for (const secure of [false, true]) {
    for (const globalAgent of [false, true]) {
      const title = `${secure ? 'an https' : 'an http'} partner${globalAgent ? ', also if global agents are used otherwise' : ''}`;
      it(`signs in, refreshes and calls through it: ${title}`, async () => {
        await using proxy = await startProxy();
        await using sandbox = await startSandbox({ https: secure });
        await using session = await open(sandbox, { proxy: proxy.url, globalAgent });
        await session.login({ ...sandbox.profiles.tconnect.credentials });
        await session.refresh();
        assert.notEqual(
          (await session.request('/openapi/v1/transaction/qr', { method: 'POST', payload: {} })).status,
          401,
        );
        assert.deepEqual(proxy.requests, [{ target: hostOf(sandbox.url), authorization: undefined }]);
        assert.deepEqual(proxy.others, []);
      });
    }

    it(`sends credentials to the proxy alone: ${secure ? 'an https' : 'an http'} partner`, async () => {
      await using proxy = await startProxy({ credentials: 'pat:p@ss:word' });
      await using sandbox = await startSandbox({ https: secure });
      const url = proxy.url.replace('p@ss:word', encodeURIComponent('p@ss:word'));
      await using session = await open(sandbox, { proxy: url });
      await session.login({ ...sandbox.profiles.tconnect.credentials });
      assert.equal(proxy.requests.length, 1);
      const [request] = sandbox.journal;
      assert.ok(request !== undefined && !('proxy-authorization' in request.headers));
    });
  }

  it('closes its tunnels with the session', async () => {
    await using proxy = await startProxy();
    await using sandbox = await startSandbox({ https: true });
    const session = await open(sandbox, { proxy: proxy.url });
    await session.login({ ...sandbox.profiles.tconnect.credentials });
    assert.equal(proxy.open(), 1);
    await session.close();
    while (proxy.open() > 0) await new Promise(setImmediate);
  });

  it('checks the certificate of the partner behind it', async () => {
    await using proxy = await startProxy();
    const error = await loginError({ proxy: proxy.url, ca: undefined });
    assert.deepEqual([error.code, error.setting], ['tls', 'baseUrl']);
  });

  const secret = 'proxy-secret-word';
  const refusals: readonly (readonly [string, TestProxyOptions, string, Partial<PartnerAuthError>, RegExp])[] = [
    [
      'requires credentials',
      { credentials: 'a:b' },
      '',
      { code: 'configuration', retryable: false },
      /requires a user and password.*407/,
    ],
    [
      'refuses the credentials',
      { credentials: 'a:b' },
      `pat:${secret}@`,
      { code: 'configuration', retryable: false },
      /refused the user and password.*407/,
    ],
    [
      'requires another kind of authentication',
      { credentials: 'a:b', scheme: 'NTLM' },
      `pat:${secret}@`,
      { code: 'configuration', retryable: false },
      /other than Basic/,
    ],
    [
      'requires another kind whose realm has the word Basic',
      { credentials: 'a:b', scheme: 'Digest realm="no basic auth", nonce="x"' },
      `pat:${secret}@`,
      { code: 'configuration', retryable: false },
      /other than Basic/,
    ],
    [
      'is busy',
      { refuse: 429 },
      '',
      { code: 'network', retryable: true },
      /could not connect to 127\.0\.0\.1:\d+ \(HTTP 429\)/,
    ],
    [
      'refuses to connect',
      { refuse: 403 },
      '',
      { code: 'network', retryable: false },
      /refused to connect to 127\.0\.0\.1:\d+ \(HTTP 403\)/,
    ],
    [
      'cannot reach the partner',
      { refuse: 502 },
      '',
      { code: 'network', retryable: true },
      /could not connect to 127\.0\.0\.1:\d+ \(HTTP 502\)/,
    ],
    [
      'closes the connection',
      { handle: (socket) => socket.destroy() },
      '',
      { code: 'network', retryable: true },
      /No connection to the proxy/,
    ],
    [
      'does not use HTTP',
      { handle: (socket) => void socket.end('SSH-2.0-OpenSSH\r\n\r\n') },
      '',
      { code: 'network' },
      /not an HTTP proxy/,
    ],
  ];
  for (const secure of [true, false]) {
    for (const [title, options, user, expected, message] of refusals) {
      it(`reports that the proxy ${title}, not the ${secure ? 'https' : 'http'} partner`, async () => {
        await using proxy = await startProxy(options);
        const error = await loginError({ proxy: `http://${user}127.0.0.1:${proxy.port}` }, secure);
        assert.equal(error.setting, 'proxy');
        assert.equal(error.status, undefined);
        for (const [name, value] of Object.entries(expected)) assert.equal(error[name as 'code'], value);
        assert.match(error.message, message);
        assert.match(error.message, new RegExp(`The proxy 127.0.0.1:${proxy.port}|the proxy 127.0.0.1:${proxy.port}`));
        assert.ok(!inspect(error).includes(secret));
      });
    }

    it(`reports a 502 of the ${secure ? 'https' : 'http'} partner as the partner's`, async () => {
      await using proxy = await startProxy();
      await using sandbox = await startSandbox({ https: secure });
      await using session = await open(sandbox, { proxy: proxy.url });
      sandbox.fail({ status: 502 });
      const error = await catchError(session.login({ ...sandbox.profiles.tconnect.credentials }));
      assert.ok(error instanceof PartnerAuthError);
      assert.deepEqual([error.code, error.status], ['partnerUnavailable', 502]);
      assert.doesNotMatch(error.message, /proxy 127/);
    });
  }

  it('hides its credentials in what the partner sends, also a token without a password', async () => {
    await using proxy = await startProxy();
    for (const user of [`pat:${secret}`, secret]) {
      const url = `http://${user}@127.0.0.1:${proxy.port}`;
      await withRawPartner({ proxy: url }, async ({ session, on }) => {
        on('POST /refresh', (response) =>
          response.writeHead(400).end(JSON.stringify({ message: `${secret} ${user}` })),
        );
        const error = (await catchError(session.refresh())) as PartnerAuthError;
        assert.match(error.message, /It said/);
        assert.ok(!inspect(error).includes(secret));
      });
    }
  });

  it('reports a proxy at whose address nothing listens', async () => {
    const proxy = await closedPortUrl();
    const error = await loginError({ proxy });
    assert.deepEqual([error.code, error.setting], ['network', 'proxy']);
    assert.match(error.message, /No connection to the proxy 127\.0\.0\.1:\d+: nothing listens.*Check `proxy`/);
  });

  it('reports a proxy that does not respond, within the deadline', async () => {
    for (const secure of [true, false]) {
      await using proxy = await startProxy({ handle: () => undefined });
      const error = await loginError({ proxy: proxy.url, timeout: 200 }, secure);
      assert.deepEqual([error.code, error.setting, error.retryable], ['timeout', 'proxy', true]);
      assert.match(error.message, new RegExp(`The proxy 127\\.0\\.0\\.1:${proxy.port} did not connect in time`));
    }
  });

  it('reports a stream of a call that the proxy lets wait', async () => {
    await using sandbox = await startSandbox({ https: true });
    const store = memoryStore();
    await using before = await open(sandbox, { store });
    await before.login({ ...sandbox.profiles.tconnect.credentials });
    await using proxy = await startProxy({ handle: () => undefined });
    await using session = await open(sandbox, { store, proxy: proxy.url, timeout: 200 });
    await assert.rejects(session.stream('/openapi/v1/transaction/qr'), { code: 'timeout', setting: 'proxy' });
  });

  it('does not take the deadline of the partner for one of the proxy', async () => {
    await using proxy = await startProxy();
    await using sandbox = await startSandbox({ https: true });
    await using session = await open(sandbox, { proxy: proxy.url });
    await session.login({ ...sandbox.profiles.tconnect.credentials });
    sandbox.set({ delay: 60_000 });
    const error = await catchError(session.request('/openapi/v1/transaction/qr', { payload: {}, timeout: 300 }));
    assert.ok(error instanceof PartnerAuthError);
    assert.deepEqual([error.code, error.setting], ['timeout', undefined]);
  });

  it('closes the tunnel that a call waits for if the call is aborted', async () => {
    const controller = new AbortController();
    let closed: Promise<unknown> | undefined;
    await using proxy = await startProxy({
      handle(socket) {
        closed = once(socket, 'end');
        socket.resume();
        controller.abort();
      },
    });
    const error = await loginError({ proxy: proxy.url }, true, controller.signal);
    assert.equal(error.code, 'aborted');
    await closed;
  });

  it('opens a tunnel for each of several calls at a time, and uses them again', async () => {
    await using proxy = await startProxy();
    await using sandbox = await startSandbox({ https: true });
    await using session = await open(sandbox, { proxy: proxy.url });
    await session.login({ ...sandbox.profiles.tconnect.credentials });
    const call = () => session.request('/openapi/v1/transaction/qr', { method: 'POST', payload: {} });
    await Promise.all([call(), call(), call()]);
    await Promise.all([call(), call(), call()]);
    assert.equal(proxy.requests.length, 3);
  });

  it('does not depend on a host program that has replaced the functions of node:http', async () => {
    await using proxy = await startProxy();
    await using sandbox = await startSandbox({ https: true });
    const replaced = [http, https].map((module) =>
      mock.method(module, 'request', () => {
        throw new Error('The host program sends it elsewhere.');
      }),
    );
    try {
      await using session = await open(sandbox, { proxy: proxy.url, globalAgent: true });
      await session.login({ ...sandbox.profiles.tconnect.credentials });
    } finally {
      for (const { mock } of replaced) mock.restore();
    }
    assert.equal(proxy.requests.length, 1);
  });

  it('lets the process exit while it has an idle tunnel', async () => {
    await using proxy = await startProxy();
    await using sandbox = await startSandbox({ https: true });
    const { credentials, ...profile } = sandbox.profiles.tconnect;
    const program = `
      import { openSession } from ${JSON.stringify(new URL('../../../core/index.ts', import.meta.url).href)};
      const session = await openSession(${JSON.stringify({ ...profile, proxy: proxy.url })});
      await session.login(${JSON.stringify(credentials)});
      console.log('signed in');`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      timeout: 20_000,
    });
    assert.equal(stdout, 'signed in\n');
  });

  it('keeps the session if the proxy fails during a refresh', async () => {
    await using sandbox = await startSandbox({ https: true });
    const store = memoryStore();
    await using before = await open(sandbox, { store });
    await before.login({ ...sandbox.profiles.tconnect.credentials });
    await using proxy = await startProxy({ refuse: 503 });
    await using session = await open(sandbox, { store, proxy: proxy.url });
    await assert.rejects(session.refresh(), { code: 'network', setting: 'proxy' });
    assert.equal(session.status.phase, 'valid');
  });

  it('uses a proxy with TLS, and names it if its certificate is not trusted', async () => {
    await using sandbox = await startSandbox({ https: true });
    const { processCertificates } = await import('../../../core/sandbox/certificates.ts');
    const { valid } = await processCertificates();
    await using proxy = await startProxy({ tls: valid });
    await using session = await open(sandbox, { proxy: proxy.url });
    await session.login({ ...sandbox.profiles.tconnect.credentials });
    assert.equal(proxy.requests.length, 1);
    const error = await loginError({ proxy: proxy.url, ca: undefined });
    assert.deepEqual([error.code, error.setting], ['tls', 'proxy']);
    assert.match(error.message, /No secure connection to the proxy/);
  });

  const wrong: readonly (readonly [string, unknown])[] = [
    ['host and port without a scheme', 'proxy.example:3128'],
    ['no URL', 'proxy'],
    ['an empty string', ''],
    ['another protocol', 'socks5://proxy.example:1080'],
    ['a path', 'http://proxy.example/path'],
    ['true', true],
    ['an object', { host: 'proxy.example' }],
  ];
  for (const [title, proxy] of wrong) {
    it(`is not opened with ${title}`, async () => {
      const options = { partner: 'bizmail', baseUrl: 'https://partner.example', proxy } as SessionOptions;
      await assert.rejects(openSession(options), { code: 'configuration', setting: 'proxy' });
    });
  }

  it('is not opened with a proxy elsewhere for a partner without TLS', async () => {
    const options = { partner: 'bizmail', baseUrl: 'http://127.0.0.1:9', proxy: 'http://proxy.example:3128' } as const;
    await assert.rejects(openSession(options), { code: 'configuration', setting: 'proxy' });
  });
});

describe('the proxy of the environment', () => {
  const elsewhere = async (
    test: (open: (options?: Partial<SessionOptions>) => Promise<PartnerSession>) => Promise<void>,
  ) => {
    const sessions: PartnerSession[] = [];
    try {
      await test(async (options = {}) => {
        const session = await openSession({ partner: 'bizmail', baseUrl: 'https://api.partner.example', ...options });
        sessions.push(session);
        return session;
      });
    } finally {
      for (const session of sessions) await session.close();
    }
  };
  const credentials = { username: 'pat', password: 'word-of-pat' };

  for (const name of ['HTTPS_PROXY', 'https_proxy']) {
    it(`is used for https: ${name}`, () =>
      elsewhere(async (open) => {
        await using proxy = await startProxy({ refuse: 403 });
        await withEnvironment({ [name]: proxy.url }, async () => {
          await assert.rejects((await open()).login(credentials), { code: 'network', setting: 'proxy' });
        });
        assert.deepEqual(
          proxy.requests.map(({ target }) => target),
          ['api.partner.example:443'],
        );
      }));
  }

  it('may be host and port alone, with credentials', () =>
    elsewhere(async (open) => {
      await using proxy = await startProxy({ refuse: 403, credentials: 'pat:secret' });
      await withEnvironment({ HTTPS_PROXY: `pat:secret@127.0.0.1:${proxy.port}` }, async () => {
        await assert.rejects((await open()).login(credentials), /HTTP 403/);
      });
    }));

  it('reaches the partner through the tunnel, whose name is checked', async () => {
    await using sandbox = await startSandbox({ https: true, certificate: 'wrongHost' });
    await using proxy = await startProxy({ to: hostOf(sandbox.url) });
    await withEnvironment({ HTTPS_PROXY: proxy.url }, async () => {
      // The certificate is for this name. The sandbox itself refuses the header Host.
      await using session = await open(sandbox, { baseUrl: 'https://partner.example' });
      const error = await catchError(session.login({ ...sandbox.profiles.tconnect.credentials }));
      assert.equal((error as PartnerAuthError).status, 421);
    });
  });

  it('may use TLS, with the certificate of its own name or address', async () => {
    await using sandbox = await startSandbox({ https: true, certificate: 'wrongHost' });
    const { processCertificates } = await import('../../../core/sandbox/certificates.ts');
    const certificates = await processCertificates();
    const to = hostOf(sandbox.url);
    await using proxy = await startProxy({ tls: certificates.valid, to });
    for (const host of ['localhost', '127.0.0.1']) {
      await withEnvironment({ HTTPS_PROXY: `https://${host}:${proxy.port}` }, async () => {
        await using session = await open(sandbox, { baseUrl: 'https://partner.example' });
        const error = await catchError(session.login({ ...sandbox.profiles.tconnect.credentials }));
        assert.equal((error as PartnerAuthError).status, 421);
      });
    }
    // Its certificate is for the name of the partner.
    await using other = await startProxy({ tls: certificates.wrongHost, to });
    await using session = await open(sandbox, { baseUrl: 'https://partner.example', proxy: other.url });
    const error = await catchError(session.login({ ...sandbox.profiles.tconnect.credentials }));
    assert.ok(error instanceof PartnerAuthError);
    assert.deepEqual([error.code, error.setting], ['tls', 'proxy']);
    assert.match(error.message, /its certificate is for another host; check `proxy`/);
  });

  it('is not used for loopback, nor HTTP_PROXY for a partner with TLS', async () => {
    await using proxy = await startProxy();
    await using sandbox = await startSandbox({ https: true });
    await using plain = await startSandbox();
    const variables = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url, https_proxy: proxy.url, http_proxy: proxy.url };
    await withEnvironment(variables, async () => {
      for (const { profiles, url } of [sandbox, plain]) {
        for (const baseUrl of [url, url.replace('127.0.0.1', 'localhost')]) {
          await using session = await openSession({ ...profiles.tconnect, baseUrl });
          await session.login({ ...profiles.tconnect.credentials });
        }
      }
    });
    assert.deepEqual([proxy.requests, proxy.others], [[], []]);
  });

  it('is used for an https baseUrl next to an http apiUrl on a private network, which it is not used for', () =>
    elsewhere(async (open) => {
      await using proxy = await startProxy({ refuse: 403 });
      const lookup = mock.method(dns, 'lookup', (_name: string, _options: object, callback: (error: Error) => void) =>
        callback(Object.assign(new Error(), { code: 'ENOTFOUND' })),
      );
      try {
        await withEnvironment({ HTTPS_PROXY: proxy.url }, async () => {
          const split = { apiUrl: 'http://nas.lan:5212', allowHttp: true };
          await assert.rejects((await open(split)).login(credentials), { code: 'network', setting: 'proxy' });
          const turned = { baseUrl: 'http://nas.lan:5212', apiUrl: 'https://api.partner.example', allowHttp: true };
          await assert.rejects((await open(turned)).login(credentials), /nas\.lan:5212: its host name is unknown/);
        });
      } finally {
        lookup.mock.restore();
      }
      assert.deepEqual(
        proxy.requests.map(({ target }) => target),
        ['api.partner.example:443'],
      );
    }));

  it('is not used with proxy: false or with the global agents', async () => {
    await using proxy = await startProxy({ refuse: 403 });
    await withEnvironment({ HTTPS_PROXY: proxy.url }, () =>
      elsewhere(async (open) => {
        // No name is looked up for a proxy at an address.
        const lookup = mock.method(dns, 'lookup', (_name: string, _options: object, callback: (error: Error) => void) =>
          callback(Object.assign(new Error(), { code: 'ENOTFOUND' })),
        );
        try {
          for (const options of [{ proxy: false }, { globalAgent: true }] as const) {
            await assert.rejects(
              (await open(options)).login(credentials),
              /api\.partner\.example: its host name is unknown/,
            );
          }
        } finally {
          lookup.mock.restore();
        }
      }),
    );
    assert.deepEqual(proxy.requests, []);
  });

  it('is named if it is not a URL, and nothing is sent', () =>
    elsewhere(async (open) => {
      await withEnvironment({ HTTPS_PROXY: 'socks5://127.0.0.1:1' }, async () => {
        const error = await catchError((await open()).login(credentials));
        assert.ok(error instanceof PartnerAuthError);
        assert.deepEqual([error.code, error.setting], ['configuration', 'proxy']);
        assert.match(error.message, /HTTPS_PROXY/);
      });
    }));
});
