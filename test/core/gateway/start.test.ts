import assert from 'node:assert/strict';
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { describe, it } from 'node:test';
import { gatewaySecret, startGateway, type GatewayOptions } from '../../../core/gateway/index.ts';
import { memoryStore, openSession, type PartnerSession } from '../../../core/index.ts';
import { notOnWindows } from '../../helpers/platform.ts';
import { listen, withRawPartner } from '../../helpers/raw-partner.ts';
import { runProgram } from '../../helpers/run-program.ts';
import { sendRaw } from '../../helpers/send-raw.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { catchError } from '../../helpers/with-session.ts';

const unixOnly = notOnWindows('has no Unix sockets');

async function withIdleSession(test: (session: PartnerSession) => Promise<void>): Promise<void> {
  await using session = await openSession({ partner: 'bizmail', baseUrl: 'http://127.0.0.1:9', store: memoryStore() });
  await test(session);
}

async function refusal(
  session: PartnerSession,
  options: GatewayOptions,
): Promise<{ setting: string; message: string }> {
  const error = (await catchError(startGateway(session, options))) as {
    code: string;
    setting: string;
    message: string;
  };
  assert.equal(error.code, 'configuration');
  return error;
}

async function listenOnPath(path: string): Promise<AsyncDisposable & { server: Server }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { server, [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}

describe('startGateway', () => {
  it('listens on a free port of 127.0.0.1, with another secret for each gateway', () =>
    withIdleSession(async (session) => {
      await using first = await startGateway(session);
      await using second = await startGateway(session);
      for (const { url, address } of [first, second]) {
        assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}$/);
        assert.equal(url.slice(0, -44), address);
      }
      assert.notEqual(new URL(first.url).pathname, new URL(second.url).pathname);
    }));

  it('uses the port and secret that it is given', () =>
    withIdleSession(async (session) => {
      const server = createHttpServer();
      const port = await listen(server);
      await new Promise((resolve) => server.close(resolve));
      const secret = 'a-secret_of-32-characters-0123456';
      await using gateway = await startGateway(session, { port, secret });
      assert.equal(gateway.url, `http://127.0.0.1:${port}/${secret}`);
    }));

  it('reports a port that is in use', () =>
    withIdleSession(async (session) => {
      await using other = await startGateway(session);
      const port = Number(new URL(other.url).port);
      const { setting, message } = await refusal(session, { port });
      assert.equal(setting, 'port');
      assert.equal(
        message,
        `Port ${port} of 127.0.0.1 is in use by another program. Use another port, or none for a free one.`,
      );
    }));

  const invalid: [string, Record<string, unknown>][] = [
    ['port', { port: -1 }],
    ['port', { port: 65_536 }],
    ['port', { port: '80' }],
    ['unixSocket', { port: 0, unixSocket: '/tmp/a/b' }],
    ['readOnly', { readOnly: 'yes' }],
    ['allow', { allow: 'GET /a' }],
    ['allow.1', { allow: ['GET /a', '/b'] }],
    ['allow.0', { allow: [7] }],
    ['secret', { secret: 'short' }],
    ['secret', { secret: `${'x'.repeat(40)}/` }],
    ['secret', { secret: 7 }],
    ['maxBodySize', { maxBodySize: 0 }],
    ['maxBodySize', { maxBodySize: 2 ** 40 }],
    ['timeout', { timeout: 1.5 }],
  ];
  for (const [setting, options] of invalid) {
    it(`refuses ${JSON.stringify(options)}, and names ${setting}`, () =>
      withIdleSession(async (session) =>
        assert.equal((await refusal(session, options as GatewayOptions)).setting, setting),
      ));
  }

  it('refuses unknown options, and what is not a session', () =>
    withIdleSession(async (session) => {
      await assert.rejects(startGateway(session, { readonly: true } as GatewayOptions), TypeError);
      await assert.rejects(startGateway({ status: {} } as unknown as PartnerSession), TypeError);
      await assert.rejects(startGateway(undefined as unknown as PartnerSession), TypeError);
    }));
});

describe('a Unix socket', unixOnly, () => {
  it('is created with mode 0600 in a folder of mode 0700, requires no secret, and is removed at the end', () =>
    withRawPartner({}, async ({ session, received }) => {
      await using folder = await temporaryFolder();
      const path = folder.file('own/gateway.sock');
      {
        await using gateway = await startGateway(session, { unixSocket: path });
        assert.deepEqual([gateway.url, gateway.address], ['http://localhost', path]);
        assert.equal((await stat(dirname(path))).mode & 0o777, 0o700);
        assert.equal((await stat(path)).mode & 0o777, 0o600);
        for (const host of ['localhost', 'unix', 'any.example']) {
          const response = await sendRaw(gateway.url, { path: '/orders', socketPath: path, headers: { host } });
          assert.equal(response.status, 200);
        }
        assert.equal(received.at(-1)?.call, 'GET /orders');
        const page = { path: '/orders', socketPath: path, headers: { origin: 'http://evil.example' } };
        assert.equal((await sendRaw(gateway.url, page)).status, 403);
      }
      assert.deepEqual(await readdir(dirname(path)), []);
    }));

  it('requires the secret if one is given', () =>
    withRawPartner({}, async ({ session }) => {
      await using folder = await temporaryFolder();
      const unixSocket = folder.file('own/s');
      await using gateway = await startGateway(session, { unixSocket, secret: 's'.repeat(32) });
      assert.equal(gateway.url, `http://localhost/${'s'.repeat(32)}`);
      const call = { path: '/orders', socketPath: unixSocket };
      assert.equal((await sendRaw(gateway.url, call)).status, 200);
      assert.equal((await sendRaw('http://localhost', call)).status, 403);
    }));

  it('is refused with a path that is too long, and no other path is used', () =>
    withIdleSession(async (session) => {
      await using folder = await temporaryFolder();
      const limit = process.platform === 'linux' ? 107 : 103;
      const fill = (length: number): string => folder.file(`own/${'é'.repeat(length)}`.slice(0, length));
      const path = folder.file(`own/${'s'.repeat(limit + 1 - Buffer.byteLength(folder.file('own/')))}`);
      assert.equal(Buffer.byteLength(path), limit + 1);
      const { setting, message } = await refusal(session, { unixSocket: path });
      assert.equal(setting, 'unixSocket');
      assert.match(message, new RegExp(`is too long: .* has ${limit + 1} bytes, and a socket can have ${limit}\\.`));
      assert.match((await refusal(session, { unixSocket: fill(60) })).message, /is too long/);
      assert.deepEqual(await readdir(folder.path), []);
      await using gateway = await startGateway(session, { unixSocket: path.slice(0, -1) });
      assert.ok((await lstat(gateway.address)).isSocket());
    }));

  for (const mode of [0o755, 0o750, 0o701, 0o777]) {
    it(`is refused in a folder of mode ${mode.toString(8)}`, () =>
      withIdleSession(async (session) => {
        await using folder = await temporaryFolder();
        await mkdir(folder.file('open'));
        await chmod(folder.file('open'), mode);
        const { message } = await refusal(session, { unixSocket: folder.file('open/s') });
        assert.match(message, new RegExp(`has mode ${mode.toString(8)}\\. .*chmod 700`));
        assert.deepEqual(await readdir(folder.file('open')), []);
      }));
  }

  it('is refused in a folder that is a link, or a file', () =>
    withIdleSession(async (session) => {
      await using folder = await temporaryFolder();
      await mkdir(folder.file('real'), { mode: 0o700 });
      await symlink(folder.file('real'), folder.file('link'));
      await writeFile(folder.file('file'), '');
      for (const name of ['link/s', 'file/s'])
        assert.equal((await refusal(session, { unixSocket: folder.file(name) })).setting, 'unixSocket');
    }));

  it('replaces one that a killed gateway has left', () =>
    withRawPartner({}, async ({ session }) => {
      await using folder = await temporaryFolder();
      const path = folder.file('own/s');
      await mkdir(folder.file('own'), { mode: 0o700 });
      const program = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
      await runProgram(process.execPath, ['-e', program]).catch(() => undefined);
      assert.ok((await lstat(path)).isSocket());
      await using gateway = await startGateway(session, { unixSocket: path });
      assert.equal((await sendRaw(gateway.url, { path: '/orders', socketPath: path })).status, 200);
    }));

  it('is refused if another program listens on it, which goes on', () =>
    withIdleSession(async (session) => {
      await using folder = await temporaryFolder();
      const path = folder.file('own/s');
      await mkdir(folder.file('own'), { mode: 0o700 });
      await using other = await listenOnPath(path);
      assert.match((await refusal(session, { unixSocket: path })).message, /is in use by another program/);
      assert.ok((await lstat(path)).isSocket() && other.server.listening);
    }));

  it('is refused if there is a file, which stays', () =>
    withIdleSession(async (session) => {
      await using folder = await temporaryFolder();
      await mkdir(folder.file('own'), { mode: 0o700 });
      await writeFile(folder.file('own/s'), 'precious');
      assert.match((await refusal(session, { unixSocket: folder.file('own/s') })).message, /is not a socket/);
      assert.equal(await readFile(folder.file('own/s'), 'utf8'), 'precious');
    }));

  it('is given to one of two gateways that start at the same time', () =>
    withIdleSession(async (session) => {
      await using folder = await temporaryFolder();
      const unixSocket = folder.file('own/s');
      const results = await Promise.allSettled([1, 2, 3].map(() => startGateway(session, { unixSocket })));
      const started = results.filter(({ status }) => status === 'fulfilled');
      assert.equal(started.length, 1);
      for (const result of results) if (result.status === 'fulfilled') await result.value.close();
    }));
});

describe('gatewaySecret', () => {
  it('creates a file of mode 0600 with a random secret, and returns the same from then on', async () => {
    await using folder = await temporaryFolder();
    const secrets = await Promise.all([1, 2, 3].map(() => gatewaySecret(folder.file('secret'))));
    assert.match(secrets[0] ?? '', /^[\w-]{43}$/);
    assert.equal(new Set([...secrets, await gatewaySecret(folder.file('secret'))]).size, 1);
    assert.deepEqual(await readdir(folder.path), ['secret']);
    if (process.platform !== 'win32') assert.equal((await stat(folder.file('secret'))).mode & 0o777, 0o600);
  });

  it('makes the address of a gateway the same after a restart', () =>
    withIdleSession(async (session) => {
      await using folder = await temporaryFolder();
      const start = async (port?: number) =>
        startGateway(session, { port, secret: await gatewaySecret(folder.file('secret')) });
      const first = await start();
      await first.close();
      await using second = await start(Number(new URL(first.url).port));
      assert.equal(second.url, first.url);
    }));

  it('refuses a file that is too short, is a folder, or cannot be created', async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.file('short'), 'short\n', { mode: 0o600 });
    await mkdir(folder.file('folder'));
    for (const name of ['short', 'folder', 'missing/secret']) {
      const error = await catchError(gatewaySecret(folder.file(name)));
      assert.deepEqual(
        [(error as { code: string }).code, (error as { setting: string }).setting],
        ['configuration', 'secretFile'],
      );
    }
    assert.equal(await readFile(folder.file('short'), 'utf8'), 'short\n');
  });

  it('does not advise to change the mode of a folder', unixOnly, async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.file('folder'), { mode: 0o755 });
    await assert.rejects(gatewaySecret(folder.file('folder')), { setting: 'secretFile', message: /is not a file\.$/ });
  });

  it('refuses a file that other users can read, and a link', unixOnly, async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.file('open'), `${'s'.repeat(43)}\n`);
    await chmod(folder.file('open'), 0o644);
    await assert.rejects(gatewaySecret(folder.file('open')), { setting: 'secretFile', message: /chmod 600/ });
    await chmod(folder.file('open'), 0o600);
    await symlink(folder.file('open'), folder.file('link'));
    await assert.rejects(gatewaySecret(folder.file('link')), { setting: 'secretFile', message: /is a link/ });
  });
});
