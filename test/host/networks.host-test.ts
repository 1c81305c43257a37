import assert from 'node:assert/strict';
import { createPrivateKey, randomUUID } from 'node:crypto';
import dns from 'node:dns';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationTarget, workspace } from 'vscode';
import { openSession, PartnerAuthError } from '../../core/index.ts';
import type { Profile } from '../../core/profiles/profile.ts';
import type { SecretRecord } from '../../core/profiles/secret-record.ts';
import { processCertificates, processClientCertificates } from '../../core/sandbox/certificates.ts';
import { startSandbox, type Sandbox } from '../../core/sandbox/index.ts';
import { profileOf } from '../helpers/profile-of.ts';
import { startProxy, type TestProxy, type TestProxyOptions } from '../helpers/start-proxy.ts';
import { activateExtension } from './activation-record.ts';
import { countRefreshes, runAndDismiss, runCommand, setProfiles } from './fixture.ts';

/** The certificate of the partner is for this name, which no server of names knows. */
const host = 'partner.example';

interface Partner extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly port: number;
  /** PEM. */
  readonly ca: string;
}

/** A sandbox partner at another name than those of loopback, which the sandbox itself refuses. */
async function startPartner(
  options: { readonly secure?: boolean; readonly tls?: ServerOptions } = {},
): Promise<Partner> {
  const [sandbox, { ca, wrongHost }] = await Promise.all([startSandbox(), processCertificates()]);
  const forward = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { method = 'GET', url = '/', headers } = incoming;
    const options = { method, headers: { ...headers, host: new URL(sandbox.url).host } };
    const onward = request(`${sandbox.url}${url}`, options, (response) => {
      outgoing.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(outgoing);
    });
    incoming.pipe(onward);
  };
  const { secure = true, tls } = options;
  const server = secure ? createServer({ ...wrongHost, ca, ...tls }, forward) : createHttpServer(forward);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    sandbox,
    port,
    ca,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await sandbox.close();
    },
  };
}

async function setHttp(settings: Readonly<Record<string, unknown>>): Promise<() => Promise<void>> {
  const names = Object.keys(settings);
  const write = async (value: (name: string) => unknown): Promise<void> => {
    for (const name of names)
      await workspace.getConfiguration('http').update(name, value(name), ConfigurationTarget.Global);
  };
  await write((name) => settings[name]);
  return () => write(() => undefined);
}

/** Runs a test with settings of VS Code, such as `proxy`. */
async function withHttp(settings: Readonly<Record<string, unknown>>, test: () => Promise<void>): Promise<void> {
  const restore = await setHttp(settings);
  try {
    await test();
  } finally {
    await restore();
  }
}

interface Fixture {
  readonly partner: Partner;
  readonly profile: Profile;
  readonly record: () => Promise<SecretRecord>;
}

/** Runs a test with a profile of the partner, whose secrets and password are stored, so that Sign In shows no prompt. */
async function withProfile(
  partner: Partner,
  overrides: Partial<Profile>,
  test: (fixture: Fixture) => Promise<void>,
  secrets: Partial<SecretRecord> = {},
): Promise<void> {
  const { sandbox, ca } = partner;
  const { secrets: storage } = (await activateExtension()).context;
  const caFile = join(tmpdir(), `ca-${randomUUID()}.pem`);
  await writeFile(caFile, ca);
  const id = `networks-${randomUUID().slice(0, 8)}`;
  const profile = profileOf(sandbox, 'bizmail', { id, baseUrl: `https://${host}`, caFile, ...overrides });
  const credentials = { ...sandbox.profiles.bizmail.credentials };
  const origin = new URL(profile.baseUrl).origin;
  const key = `profile:${id}`;
  await storage.store(key, JSON.stringify({ version: 1, origin, credentials, ...secrets }));
  await setProfiles([profile]);
  try {
    const record = async () => JSON.parse((await storage.get(key)) ?? '{}') as SecretRecord;
    await test({ partner, profile, record });
  } finally {
    await storage.delete(key);
    await setProfiles([]);
    await rm(caFile);
  }
}

async function proxyFor({ port }: Partner, options: TestProxyOptions = {}): Promise<TestProxy> {
  return startProxy({ to: `127.0.0.1:${port}`, ...options });
}

/** Looks up the name of the partner as 127.0.0.1 during a test. */
async function withName(test: () => Promise<void>): Promise<void> {
  const { lookup } = dns;
  const patched = (name: string, ...rest: unknown[]): void => {
    Reflect.apply(lookup, dns, [name === host ? '127.0.0.1' : name, ...rest]);
  };
  Object.assign(dns, { lookup: Object.assign(patched, lookup) });
  try {
    await test();
  } finally {
    Object.assign(dns, { lookup });
  }
}

async function withEnvironment(variables: Readonly<Record<string, string>>, test: () => Promise<void>): Promise<void> {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    await test();
  } finally {
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
  }
}

const isSignedIn = ({ session }: SecretRecord): boolean => session !== undefined && 'tokens' in session;

describe("VS Code's own proxy", () => {
  it('is used for a profile without one, once for each connection, and not the proxy of the environment', async () => {
    await using partner = await startPartner();
    await using proxy = await proxyFor(partner);
    await using other = await proxyFor(partner);
    const variables = { HTTPS_PROXY: other.url, https_proxy: other.url, HTTP_PROXY: other.url, http_proxy: other.url };
    await withEnvironment(variables, () =>
      withHttp({ proxy: proxy.url }, () =>
        withProfile(partner, {}, async ({ profile, record }) => {
          await runCommand('signIn', profile.id);
          await runCommand('refresh', profile.id);
          assert.ok(isSignedIn(await record()));
          assert.deepEqual(
            partner.sandbox.journal.map(({ call }) => call),
            ['login', 'refresh'],
          );
          assert.deepEqual(
            proxy.requests.map(({ target }) => target),
            [`${host}:443`, `${host}:443`],
          );
        }),
      ),
    );
    assert.deepEqual([proxy.others, other.requests, other.others], [[], [], []]);
  });

  for (const proxySupport of ['on', 'fallback']) {
    it(`is used with proxySupport ${proxySupport} too, in place of that of the environment`, async () => {
      await using partner = await startPartner();
      await using proxy = await proxyFor(partner);
      await using other = await proxyFor(partner);
      await withEnvironment({ HTTPS_PROXY: other.url, https_proxy: other.url }, () =>
        withHttp({ proxy: proxy.url, proxySupport }, () =>
          withProfile(partner, {}, async ({ profile, record }) => {
            await runCommand('signIn', profile.id);
            assert.ok(isSignedIn(await record()));
          }),
        ),
      );
      assert.deepEqual(
        proxy.requests.map(({ target }) => target),
        [`${host}:443`],
      );
      assert.deepEqual([proxy.others, other.requests, other.others], [[], [], []]);
    });
  }

  it('gets the user and password that are in its setting', async () => {
    await using partner = await startPartner();
    await using proxy = await proxyFor(partner, { credentials: 'pat:word-of-pat' });
    await withHttp({ proxy: proxy.url }, () =>
      withProfile(partner, {}, async ({ profile, record }) => {
        await runCommand('signIn', profile.id);
        assert.ok(isSignedIn(await record()));
        assert.ok(!JSON.stringify(await record()).includes('word-of-pat'));
      }),
    );
    assert.ok(proxy.requests.every(({ authorization }) => authorization === `Basic ${btoa('pat:word-of-pat')}`));
  });

  for (const [title, settings] of [
    ['proxySupport is off', { proxySupport: 'off' }],
    ['noProxy has the host', { noProxy: [host] }],
  ] as const) {
    it(`is not used if ${title}, nor is that of the environment`, async () => {
      await using partner = await startPartner();
      await using proxy = await proxyFor(partner);
      const variables = { HTTPS_PROXY: proxy.url, https_proxy: proxy.url };
      await withEnvironment(variables, () =>
        withHttp({ proxy: proxy.url, ...settings }, () =>
          withName(() =>
            withProfile(partner, { baseUrl: `https://${host}:${partner.port}` }, async ({ profile, record }) => {
              await runCommand('signIn', profile.id);
              assert.ok(isSignedIn(await record()));
            }),
          ),
        ),
      );
      assert.deepEqual([proxy.requests, proxy.others], [[], []]);
    });
  }

  it('gives way to the proxy of a profile, with the user and password that are stored for it', async () => {
    await using partner = await startPartner();
    await using proxy = await proxyFor(partner);
    await using own = await proxyFor(partner, { credentials: 'pat:word-of-pat' });
    const address = `http://127.0.0.1:${own.port}`;
    await withHttp({ proxy: proxy.url }, () =>
      withProfile(
        partner,
        { proxy: address },
        async ({ profile, record }) => {
          await runCommand('signIn', profile.id);
          await runCommand('refresh', profile.id);
          assert.ok(isSignedIn(await record()));
        },
        { proxyCredentials: { proxy: address, username: 'pat', password: 'word-of-pat' } },
      ),
    );
    assert.deepEqual(
      own.requests.map(({ target }) => target),
      [`${host}:443`],
    );
    assert.deepEqual([proxy.requests, proxy.others, own.others], [[], [], []]);
  });

  it('gives way to proxy: false of a profile', async () => {
    await using partner = await startPartner();
    await using proxy = await proxyFor(partner);
    await withHttp({ proxy: proxy.url }, () =>
      withName(() =>
        withProfile(
          partner,
          { baseUrl: `https://${host}:${partner.port}`, proxy: false },
          async ({ profile, record }) => {
            await runCommand('signIn', profile.id);
            assert.ok(isSignedIn(await record()));
          },
        ),
      ),
    );
    assert.deepEqual([proxy.requests, proxy.others], [[], []]);
  });

  it('is never passed by http to this machine', async () => {
    await using sandbox = await startSandbox();
    await using proxy = await startProxy();
    const { port } = new URL(sandbox.url);
    await withHttp({ proxy: proxy.url }, async () => {
      // VS Code itself takes only some of these for this machine.
      for (const address of ['127.0.0.1', 'localhost', '127.0.0.2']) {
        const options = { ...sandbox.profiles.bizmail, baseUrl: `http://${address}:${port}` };
        await using session = await openSession({ ...options, globalAgent: true });
        const login = session.login({ ...sandbox.profiles.bizmail.credentials });
        // The sandbox listens at the first address of this machine only.
        if (address === '127.0.0.2') await assert.rejects(login);
        else await login;
      }
    });
    assert.deepEqual([proxy.requests, proxy.others], [[], []]);
  });

  it('is never passed by http to a private address', async () => {
    await using partner = await startPartner({ secure: false });
    await using proxy = await proxyFor(partner);
    const overrides = { baseUrl: `http://${host}:${partner.port}`, allowHttp: true };
    await withHttp({ proxy: proxy.url }, () =>
      withName(() =>
        withProfile(partner, overrides, async ({ profile, record }) => {
          await runCommand('signIn', profile.id);
          assert.ok(isSignedIn(await record()));
        }),
      ),
    );
    assert.deepEqual([proxy.requests, proxy.others], [[], []]);
  });

  for (const useProxy of [true, false]) {
    it(`${useProxy ? 'lets the client certificate of a profile pass' : 'is not needed for a client certificate'}, whose passphrase is stored`, async () => {
      await using partner = await startPartner({ tls: { requestCert: true, rejectUnauthorized: true } });
      await using proxy = await proxyFor(partner);
      const { valid } = await processClientCertificates();
      const passphrase = 'word-of-the-key';
      const key = createPrivateKey(valid.key).export({
        type: 'pkcs8',
        format: 'pem',
        cipher: 'aes-256-cbc',
        passphrase,
      });
      const [certFile, keyFile] = ['cert', 'key'].map((name) => join(tmpdir(), `${name}-${randomUUID()}.pem`)) as [
        string,
        string,
      ];
      await Promise.all([writeFile(certFile, valid.cert), writeFile(keyFile, key)]);
      const overrides = { baseUrl: useProxy ? `https://${host}` : `https://${host}:${partner.port}` };
      try {
        await withHttp(useProxy ? { proxy: proxy.url } : {}, () =>
          withName(async () => {
            await withProfile(partner, overrides, async ({ profile, record }) => {
              await runAndDismiss('signIn', profile.id);
              assert.ok(!isSignedIn(await record()), 'the partner requires one');
            });
            const clientCertificate = { certFile, keyFile };
            const test = async ({ profile, record }: Fixture): Promise<void> => {
              await runCommand('signIn', profile.id);
              assert.ok(isSignedIn(await record()));
            };
            await withProfile(partner, { ...overrides, clientCertificate }, test, {
              clientCertificatePassphrase: passphrase,
            });
          }),
        );
      } finally {
        await Promise.all([rm(certFile), rm(keyFile)]);
      }
      assert.equal(proxy.requests.length > 0, useProxy);
    });
  }

  const refusals: readonly (readonly [string, TestProxyOptions, string, string, RegExp])[] = [
    ['its 502', { refuse: 502 }, 'network', 'proxy', /could not connect to partner\.example:443 \(HTTP 502\)/],
    // For Basic, VS Code shows a dialog where it can.
    [
      'its 407',
      { credentials: 'pat:word', scheme: 'Digest realm="proxy"' },
      'configuration',
      'proxy.host',
      /other than Basic \(HTTP 407\)/,
    ],
    [
      'a connection that it closes',
      { handle: (socket) => socket.destroy() },
      'network',
      'proxy',
      /it did not open one/,
    ],
    ['that it does not respond', { handle: () => undefined }, 'timeout', 'proxy', /did not connect in time/],
  ];
  for (const [title, options, code, setting, message] of refusals) {
    it(`is not taken for the partner: reports ${title}`, async () => {
      await using partner = await startPartner();
      await using proxy = await proxyFor(partner, options);
      await withHttp({ proxy: `http://127.0.0.1:${proxy.port}` }, async () => {
        const { credentials, ...connection } = partner.sandbox.profiles.bizmail;
        await using session = await openSession({
          ...connection,
          baseUrl: `https://${host}`,
          ca: partner.ca,
          globalAgent: true,
          ...(code === 'timeout' && { timeout: 2_000 }),
        });
        await assert.rejects(session.login({ ...credentials }), (error) => {
          assert.ok(error instanceof PartnerAuthError);
          assert.deepEqual([error.code, error.setting, error.status], [code, setting, undefined]);
          assert.match(error.message, message);
          return true;
        });
      });
      assert.equal(partner.sandbox.journal.length, 0);
    });
  }

  it('does not end a session by a response that looks like that of the partner', async () => {
    await using partner = await startPartner();
    await using proxy = await proxyFor(partner);
    const body = '{"code":"INVALID_REFRESH_TOKEN","message":"The refresh token is invalid"}';
    await using refusing = await proxyFor(partner, {
      handle: (socket) =>
        void socket.end(
          `HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        ),
    });
    await withHttp({ proxy: proxy.url }, () =>
      withProfile(partner, {}, async ({ profile, record }) => {
        await runCommand('signIn', profile.id);
        const { session } = await record();
        await withHttp({ proxy: refusing.url }, async () => {
          await runAndDismiss('refresh', profile.id);
        });
        assert.ok(refusing.requests.length > 0);
        assert.ok(isSignedIn(await record()));
        await setHttp({ proxy: proxy.url });
        await runCommand('refresh', profile.id);
        assert.notDeepEqual((await record()).session, session);
        assert.equal(countRefreshes(partner.sandbox), 1);
      }),
    );
  });
});
