import assert from 'node:assert/strict';
import dns from 'node:dns';
import { networkInterfaces } from 'node:os';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { isIP, type AddressInfo } from 'node:net';
import { describe, it, mock } from 'node:test';
import { openSession, PartnerAuthError, type SessionOptions } from '../../../core/index.ts';
import { isPrivateAddress } from '../../../core/lib/addresses.ts';
import { processClientCertificates } from '../../../core/sandbox/certificates.ts';
import { startProxy } from '../../helpers/start-proxy.ts';
import { catchError } from '../../helpers/with-session.ts';
import { startServer } from '../transport/test-servers.ts';

type Found = readonly { readonly address: string; readonly family: number }[];
type Callback = (error: Error | null, found: Found | string, family?: number) => void;

/** Host names resolve to these addresses while the test runs. */
async function withNames(names: Readonly<Record<string, readonly string[]>>, test: () => Promise<void>): Promise<void> {
  const lookup = mock.method(dns, 'lookup', (name: string, options: { all?: boolean }, callback: Callback) => {
    const found = (names[name] ?? (isIP(name) > 0 ? [name] : [])).map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }));
    const [first] = found;
    if (first === undefined) callback(Object.assign(new Error(name), { code: 'ENOTFOUND' }), '');
    else if (options.all === true) callback(null, found);
    else callback(null, first.address, first.family);
  });
  try {
    await test();
  } finally {
    lookup.mock.restore();
  }
}

interface Partner extends AsyncDisposable {
  readonly port: number;
  readonly requests: () => number;
}

/** Accepts every login. The sandbox refuses names other than those of loopback. */
async function startPartner(host = '127.0.0.1'): Promise<Partner> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    request.resume();
    const token = {
      success: true,
      access_token: 'access-1',
      refresh_token: 'refresh-1',
      expires_in: 3600,
      refresh_expires_in: 7200,
    };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(token));
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const credentials = { username: 'pat', password: 'word-of-pat' };
const options = (baseUrl: string, more: Partial<SessionOptions> = {}): SessionOptions => ({
  partner: 'bizmail',
  baseUrl,
  allowHttp: true,
  ...more,
});

describe('a session with allowHttp', () => {
  for (const globalAgent of [false, true]) {
    it(`calls a name that has a private address${globalAgent ? ', also if global agents are used otherwise' : ''}`, () =>
      withNames({ 'nas.lan': ['203.0.113.7', '127.0.0.1'] }, async () => {
        await using partner = await startPartner();
        await using session = await openSession(options(`http://nas.lan:${partner.port}`, { globalAgent }));
        await session.login(credentials);
        assert.equal(await session.accessToken(), 'access-1');
        assert.equal(partner.requests(), 1);
      }));

    it(`sends nothing to a name that has public addresses only${globalAgent ? ' (global agents)' : ''}`, () =>
      withNames({ 'nas.lan': ['203.0.113.7', '2001:db8::1'] }, async () => {
        await using session = await openSession(options('http://nas.lan:5212', { globalAgent }));
        const error = await catchError(session.login(credentials));
        assert.ok(error instanceof PartnerAuthError);
        assert.deepEqual([error.code, error.setting, error.retryable], ['configuration', 'allowHttp', false]);
        assert.match(error.message, /nas\.lan has the address 203\.0\.113\.7\. Nothing was sent/);
      }));
  }

  const own = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal, address }) => family === 'IPv4' && !internal && isPrivateAddress(address));
  it('calls a private address', { skip: own === undefined && 'this machine has none' }, async () => {
    await using partner = await startPartner(own?.address);
    const baseUrl = `http://${own?.address ?? ''}:${partner.port}`;
    await using session = await openSession(options(baseUrl));
    await session.login(credentials);
    assert.equal(session.status.unencrypted, true);
    await assert.rejects(openSession(options(baseUrl, { allowHttp: false })), { setting: 'baseUrl' });
  });

  for (const host of [
    '10.0.0.1',
    '172.31.255.1',
    '192.168.1.5',
    '100.64.0.1',
    '169.254.1.1',
    '[fd00::1]',
    '[fe80::1]',
    '[::ffff:10.0.0.1]',
    'nas',
    'nas.local',
  ]) {
    it(`can be opened for ${host}`, async () => {
      const session = await openSession(options(`http://${host}:5212`));
      await session.close();
    });
  }

  for (const host of [
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '192.169.0.1',
    '[2001:4860:4860::8888]',
    '[::ffff:8.8.8.8]',
    '0.0.0.0',
    '134744072',
  ]) {
    it(`is refused for the public address ${host}`, async () => {
      await assert.rejects(openSession(options(`http://${host}:5212`)), (error: Error) => {
        assert.ok(error instanceof PartnerAuthError);
        assert.deepEqual([error.code, error.setting], ['configuration', 'allowHttp']);
        return true;
      });
    });
  }

  it('must be true or false', async () => {
    const wrong = options('https://partner.example', { allowHttp: 'yes' as unknown as boolean });
    await assert.rejects(openSession(wrong), { code: 'configuration', setting: 'allowHttp' });
  });

  it('does not permit other protocols', async () => {
    await assert.rejects(openSession(options('ftp://10.0.0.1')), { code: 'configuration', setting: 'baseUrl' });
  });

  it('never uses a proxy, of the environment or an option', () =>
    withNames({ nas: ['127.0.0.1'] }, async () => {
      await using proxy = await startProxy();
      await using partner = await startPartner();
      const baseUrl = `http://nas:${partner.port}`;
      const before = process.env.http_proxy;
      process.env.http_proxy = proxy.url;
      try {
        await using session = await openSession(options(baseUrl));
        await session.login(credentials);
      } finally {
        if (before === undefined) delete process.env.http_proxy;
        else process.env.http_proxy = before;
      }
      await assert.rejects(openSession(options(baseUrl, { proxy: proxy.url })), {
        code: 'configuration',
        setting: 'proxy',
      });
      assert.deepEqual([proxy.requests, proxy.others, partner.requests()], [[], [], 1]);
    }));

  it('reports in status and log that the connection is not encrypted', async () => {
    const warnings: string[] = [];
    const nothing = (): undefined => undefined;
    const logger = { debug: nothing, info: nothing, error: nothing, warn: (text: string) => warnings.push(text) };
    await using session = await openSession(options('http://nas.local:5212', { logger }));
    assert.equal(session.status.unencrypted, true);
    assert.match(warnings.join('\n'), /connection to http:\/\/nas\.local:5212 is not encrypted/);
    await using secure = await openSession(options('https://nas.local', { logger }));
    assert.ok(!('unencrypted' in secure.status));
    for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
      await using local = await openSession(options(`http://${host}:5212`, { logger }));
      assert.ok(!('unencrypted' in local.status));
    }
    assert.equal(warnings.length, 1);
    assert.doesNotMatch(warnings[0] ?? '', /certificate/);
    const { valid: clientCertificate } = await processClientCertificates();
    await using certified = await openSession(options('http://nas.local:5212', { logger, clientCertificate }));
    assert.equal(certified.status.unencrypted, true);
    assert.match(warnings[1] ?? '', /The client certificate is not sent on it\.$/);
  });

  it('names baseUrl if the server requires TLS at that port', async () => {
    const pages: readonly (readonly [type: string, body: string])[] = [
      ['text/plain', 'Client sent an HTTP request to an HTTPS server.\n'],
      ['text/html', '<title>400 The plain HTTP request was sent to HTTPS port</title>'],
      ['text/html', "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />"],
    ];
    for (const [type, body] of pages) {
      await using server = await startServer((_request, response) =>
        response.writeHead(400, { 'content-type': type }).end(body),
      );
      await using session = await openSession(options(server.url));
      await assert.rejects(session.login(credentials), {
        code: 'configuration',
        setting: 'baseUrl',
        message: /requires TLS at that port: use https:\/\//,
      });
    }
  });
});
