import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { isSocketName } from '../../../core/broker/address.ts';
import { addressVariable, findEditor, startBroker, type BrokerHost, type Editor } from '../../../core/broker/index.ts';
import { PartnerAuthError, type PartnerDefinition, type PartnerSession } from '../../../core/index.ts';
import { startGateway } from '../../../core/gateway/index.ts';
import { notOnWindows } from '../../helpers/platform.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { jsonType, sendRaw } from '../../helpers/send-raw.ts';
import { standInKey, standInWindow } from '../../helpers/stand-in-window.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { plainPartner } from '../../helpers/with-partner.ts';
import { catchError, withSession, type Fixture, type FixtureOptions } from '../../helpers/with-session.ts';

const onlyPosix = notOnWindows('It has pipes in place of Unix sockets, and no file modes.');
const qr = '/openapi/v1/transaction/qr';
const query = { from_date: '2026-01-01 00:00:00', to_date: '2026-01-31 23:59:59', limit: 10, page: 1 };

interface BrokerFixture extends Fixture {
  readonly addressFile: string;
  readonly log: readonly string[];
  readonly asked: readonly string[];
  /** Whether the user allows a token. */
  isAllowed: boolean;
  editor(): Promise<Editor>;
}

interface User {
  readonly log: string[];
  readonly asked: string[];
  readonly isAllowed: () => boolean;
}

/** What shows that its sender knows the key. */
function proof(sender: 'client' | 'editor', nonces: string, key = standInKey): string {
  return createHmac('sha256', Buffer.from(key, 'hex')).update(`${sender} ${nonces}`).digest('hex');
}

/** A window of an editor with the profile "drive". */
function hostOf(
  session: PartnerSession,
  { log, asked, isAllowed }: User = { log: [], asked: [], isAllowed: () => true },
): BrokerHost {
  const line = (message: string): void => void log.push(message);
  const { definition } = session as PartnerSession & { readonly definition: PartnerDefinition };
  const profile = { id: 'drive', label: 'Drive', partner: definition.id, baseUrl: 'http://localhost', definition };
  return {
    log: { debug: line, info: line, warn: line, error: line },
    profiles: async () => [{ ...profile, status: { ...session.status, storage: 'kept' } }],
    session: async () => session,
    async allowToken(requested) {
      asked.push(requested);
      return isAllowed();
    },
  };
}

async function withBroker(options: FixtureOptions, test: (fixture: BrokerFixture) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  await withSession(options, async (fixture) => {
    const [log, asked]: [string[], string[]] = [[], []];
    const addressFile = folder.file('terminals/window.json');
    let isAllowed = true;
    const broker = await startBroker(addressFile, hostOf(fixture.session, { log, asked, isAllowed: () => isAllowed }));
    try {
      await test({
        ...fixture,
        addressFile,
        log,
        asked,
        get isAllowed() {
          return isAllowed;
        },
        set isAllowed(value) {
          isAllowed = value;
        },
        async editor() {
          const editor = await findEditor({ [addressVariable]: addressFile });
          if (editor === undefined) throw new Error('No window has responded.');
          return editor;
        },
      });
    } finally {
      await broker.close();
    }
  });
}

async function drive({ editor }: BrokerFixture) {
  const found = await editor();
  const [profile] = found.profiles;
  if (profile === undefined) throw new Error('The window has no profile.');
  return found.session(profile);
}

async function text(body: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(body).text();
}

describe('a session of the editor', () => {
  it('has the status that the editor sees, and no secret in what is sent', () =>
    withBroker({}, async (fixture) => {
      const { profiles } = await fixture.editor();
      const [profile] = profiles;
      assert.equal(profile?.id, 'drive');
      assert.equal(profile.status.phase, 'valid');
      const sent = JSON.stringify(profiles);
      const { accessToken = '', refreshToken = '' } = fixture.sandbox.tokens('tconnect') ?? {};
      const { cipher } = fixture.sandbox.profiles.tconnect;
      for (const secret of [accessToken, refreshToken, cipher.key]) assert.ok(secret !== '' && !sent.includes(secret));
    }));

  it('gets the access token if the user allows it, and says what to do if not', () =>
    withBroker({}, async (fixture) => {
      const session = await drive(fixture);
      assert.equal(await session.accessToken({ minValidity: 60 }), fixture.sandbox.tokens('tconnect')?.accessToken);
      fixture.isAllowed = false;
      const error = await catchError(session.accessToken());
      assert.ok(error instanceof PartnerAuthError);
      assert.equal(error.code, 'configuration');
      assert.match(error.message, /denied in VS Code\. Use request, exec or gateway/);
      assert.deepEqual(fixture.asked, ['drive', 'drive']);
    }));

  it('refreshes, and has the new status', () =>
    withBroker({}, async (fixture) => {
      const session = await drive(fixture);
      const { accessExpiresAt: before = 0 } = session.status;
      fixture.clock.advance(5_000);
      await session.refresh();
      assert.equal(fixture.refreshes(), 1);
      assert.equal(session.status.accessExpiresAt, before + 5_000);
      assert.deepEqual(fixture.asked, []);
    }));

  it('makes calls with a payload, which the editor encrypts, and reports the errors of the partner', () =>
    withBroker({}, async (fixture) => {
      const session = await drive(fixture);
      const response = await session.stream(qr, { method: 'POST', payload: query });
      assert.equal(response.ok, true);
      assert.match(await text(response.body), /^\{/);
      const missing = await session.stream('/missing', { method: 'GET' });
      await missing.body.cancel();
      assert.equal(missing.ok, false);
      assert.equal(missing.status, 404);
      assert.deepEqual(fixture.asked, []);
    }));

  it('is all that a gateway requires', () =>
    withBroker({}, async (fixture) => {
      const session = await drive(fixture);
      await using gateway = await startGateway(session as unknown as PartnerSession);
      const body = JSON.stringify(query);
      const { status, text: received } = await sendRaw(gateway.url, {
        method: 'POST',
        path: qr,
        headers: jsonType,
        body,
      });
      assert.equal(status, 200);
      assert.equal((JSON.parse(received) as { limit: number }).limit, 10);
      assert.deepEqual(fixture.sandbox.journal.at(-1)?.payload, query);
      assert.equal((await sendRaw(gateway.url, { method: 'GET', path: '/missing' })).status, 404);
    }));

  it('sends files of a form, and receives one in pieces', () =>
    withRawPartner({ partner: plainPartner }, async ({ session, on, received }) => {
      const file = new Uint8Array(3 * 1024 * 1024).fill(7);
      on('POST /files', (response) =>
        response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(file),
      );
      await using folder = await temporaryFolder();
      const host = hostOf(session);
      const broker = await startBroker(folder.file('window.json'), host);
      try {
        const editor = await findEditor({ [addressVariable]: folder.file('window.json') });
        const [profile] = editor?.profiles ?? [];
        assert.ok(editor !== undefined && profile !== undefined);
        const body = new FormData();
        body.append('note', 'a\nb');
        body.append('file', new Blob([file]), 'large.bin');
        const response = await editor.session(profile).stream('/files', { method: 'POST', body });
        const bytes = await new Response(response.body).arrayBuffer();
        assert.ok(Buffer.from(bytes).equals(file));
        const sent = received.at(-1);
        assert.match(sent?.headers['content-type'] ?? '', /^multipart\/form-data; boundary=/);
        assert.ok(sent?.body.includes('a\nb') && sent.body.length > file.length);
      } finally {
        await broker.close();
      }
    }));

  it('is aborted by its caller, and breaks off if the window closes', () =>
    withRawPartner({ partner: plainPartner }, async ({ session, on }) => {
      const arrived = Promise.withResolvers<undefined>();
      on('GET /slow', () => arrived.resolve(undefined));
      on('GET /half', (response) => response.writeHead(200, { 'content-type': 'text/plain' }).write('half'));
      await using folder = await temporaryFolder();
      const broker = await startBroker(folder.file('window.json'), hostOf(session));
      const editor = await findEditor({ [addressVariable]: folder.file('window.json') });
      const [profile] = editor?.profiles ?? [];
      assert.ok(editor !== undefined && profile !== undefined);
      const abort = new AbortController();
      const slow = catchError(editor.session(profile).stream('/slow', { method: 'GET', signal: abort.signal }));
      await arrived.promise;
      abort.abort();
      assert.equal(((await slow) as PartnerAuthError).code, 'aborted');
      const { body } = await editor.session(profile).stream('/half', { method: 'GET' });
      const reader = body.getReader();
      assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), 'half');
      await broker.close();
      assert.equal(((await catchError(reader.read())) as PartnerAuthError).code, 'network');
      const late = await catchError(editor.session(profile).refresh());
      assert.match((late as Error).message, /connection to VS Code broke/);
    }));

  it('refuses what a call cannot have, as in the editor itself', () =>
    withBroker({}, async (fixture) => {
      const session = await drive(fixture);
      const error = await catchError(session.stream('/a', { method: 'GET', headers: { authorization: 'x' } }));
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /authorization is set by the session/);
    }));
});

describe('the windows of the editor', () => {
  it('leave no file or socket when they close', () =>
    withBroker({}, async (fixture) => {
      const host = hostOf(fixture.session);
      const other = `${fixture.addressFile}.other.json`;
      const kept = (await readdir(dirname(other))).sort();
      const broker = await startBroker(other, host);
      const { socket } = JSON.parse(await readFile(other, 'utf8')) as { readonly socket: string };
      await broker.close();
      assert.deepEqual((await readdir(dirname(other))).sort(), kept);
      assert.equal(((await catchError(stat(dirname(socket)))) as NodeJS.ErrnoException).code, 'ENOENT');
    }));

  it('are found also if another one of the same workspace has been opened and closed', () =>
    withBroker({}, async ({ addressFile, session }) => {
      const second = await startBroker(addressFile, hostOf(session));
      await second.close();
      assert.equal((await findEditor({ [addressVariable]: addressFile }))?.profiles.length, 1);
    }));

  it('are found also if the one of the terminal has closed', () =>
    withBroker({}, async ({ addressFile }) => {
      const gone = join(dirname(addressFile), 'another.json');
      assert.equal((await findEditor({ [addressVariable]: gone }))?.profiles.length, 1);
      assert.equal(await findEditor({ [addressVariable]: '/nowhere/window.json' }), undefined);
      assert.equal(await findEditor({ [addressVariable]: '' }), undefined);
      assert.equal(await findEditor({}), undefined);
    }));

  it('remove what one has left behind that was killed', onlyPosix, () =>
    withRawPartner({ partner: plainPartner }, async ({ session }) => {
      await using folder = await temporaryFolder();
      const left = folder.file('partner-auth-Ab12Cd');
      await mkdir(left, { mode: 0o700 });
      const address = { version: 1, socket: join(left, 'socket'), key: 'ab'.repeat(32) };
      const killed = folder.file('terminals/killed.json');
      await mkdir(dirname(killed), { mode: 0o700 });
      await writeFile(killed, JSON.stringify(address), { mode: 0o600 });
      const broker = await startBroker(folder.file('terminals/next.json'), hostOf(session));
      await broker.close();
      assert.deepEqual(await readdir(dirname(killed)), []);
      assert.equal(((await catchError(stat(left))) as NodeJS.ErrnoException).code, 'ENOENT');
    }),
  );

  it('remove what is left of files that were not written completely, and keep those of other versions', () =>
    withRawPartner({ partner: plainPartner }, async ({ session }) => {
      await using folder = await temporaryFolder();
      const path = (name: string): string => folder.file(`terminals/${name}`);
      await mkdir(folder.file('terminals'), { mode: 0o700 });
      const files = {
        'half.json': '{"version":1,"so',
        'a.json.1.tmp': '',
        'next.json': '{"version":2}',
        'empty.json': '',
        'no-key.json': '{"version":1,"socket":"/partner-auth-Ab12Cd/socket"}',
        'null.json': 'null',
      };
      for (const [name, content] of Object.entries(files)) {
        await writeFile(path(name), content, { mode: 0o600 });
        await utimes(path(name), new Date(0), new Date(0));
      }
      await writeFile(path('new.json.2.tmp'), '{"ver', { mode: 0o600 });
      const broker = await startBroker(path('window.json'), hostOf(session));
      await broker.close();
      assert.deepEqual((await readdir(folder.file('terminals'))).sort(), ['new.json.2.tmp', 'next.json']);
    }));

  it('can be used by this user only', onlyPosix, () =>
    withBroker({}, async ({ addressFile }) => {
      const { socket } = JSON.parse(await readFile(addressFile, 'utf8')) as { readonly socket: string };
      assert.equal((await stat(dirname(socket))).mode & 0o777, 0o700);
      assert.equal((await stat(addressFile)).mode & 0o777, 0o600);
      for (const name of await readdir(dirname(addressFile))) await chmod(join(dirname(addressFile), name), 0o644);
      assert.equal(await findEditor({ [addressVariable]: addressFile }), undefined);
    }),
  );

  it('are waited for no longer than the timeout of a call allows, if one has stopped', onlyPosix, async () => {
    await using folder = await temporaryFolder();
    const addressFile = folder.file('window.json');
    const status = { phase: 'valid', refreshing: false, storage: 'kept' };
    let requests = 0;
    // It sends its profiles, and then stops.
    await using _stopped = await standInWindow(addressFile, (request, response) => {
      response.setHeader(
        'x-partner-auth-editor',
        `nonce ${proof('editor', `${String(request.headers['x-partner-auth-client'])} nonce`)}`,
      );
      response.flushHeaders();
      if (requests++ === 0)
        response.end(`${JSON.stringify({ profiles: [{ id: 'drive', definition: plainPartner, status }] })}\n`);
    });
    const editor = await findEditor({ [addressVariable]: addressFile });
    const [profile] = editor?.profiles ?? [];
    assert.ok(editor !== undefined && profile !== undefined);
    const error = await catchError(editor.session(profile).stream('/orders', { method: 'GET', timeout: 1 }));
    assert.equal((error as PartnerAuthError).code, 'timeout');
  });

  it('are not waited for once another one has responded', onlyPosix, (t) =>
    withBroker({}, async ({ addressFile }) => {
      await using stopped = await standInWindow(join(dirname(addressFile), 'stopped.json'));
      // What would end the wait.
      t.mock.timers.enable({ apis: ['setTimeout'] });
      assert.equal((await findEditor({ [addressVariable]: addressFile }))?.profiles.length, 1);
      await stopped.closed;
    }),
  );

  it('say why they cannot send their profiles', () =>
    withRawPartner({ partner: plainPartner }, async ({ session }) => {
      await using folder = await temporaryFolder();
      const broken = { ...hostOf(session), profiles: () => Promise.reject(new Error('A bug.')) };
      const broker = await startBroker(folder.file('window.json'), broken);
      try {
        const problems: PartnerAuthError[] = [];
        const env = { [addressVariable]: folder.file('window.json') };
        assert.equal(await findEditor(env, (problem) => problems.push(problem)), undefined);
        assert.deepEqual(
          problems.map(({ code, message }) => [code, message]),
          [['invalidResponse', 'VS Code could not do it because of an unexpected error.']],
        );
      } finally {
        await broker.close();
      }
    }));

  it('serve calls also after they were reloaded, or in the place of one that was closed', () =>
    withRawPartner({ partner: plainPartner }, async ({ session, on }) => {
      on('GET /orders', (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('[]'));
      await using folder = await temporaryFolder();
      const addressFile = folder.file('terminals/window.json');
      const start = (name: string) => startBroker(folder.file(`terminals/${name}.json`), hostOf(session));
      const first = await start('window');
      const editor = await findEditor({ [addressVariable]: addressFile });
      const [profile] = editor?.profiles ?? [];
      assert.ok(editor !== undefined && profile !== undefined);
      const borrowed = editor.session(profile);
      const orders = async () => text((await borrowed.stream('/orders', { method: 'GET' })).body);
      assert.equal(await orders(), '[]');
      await first.close();
      assert.equal(((await catchError(orders())) as PartnerAuthError).code, 'network');
      for (const name of ['window', 'another']) {
        const next = await start(name);
        try {
          assert.equal(await orders(), '[]', name);
        } finally {
          await next.close();
        }
      }
    }));

  it('serve nobody who does not know the key, or who repeats what another one has sent', () =>
    withBroker({}, async ({ addressFile, log }) => {
      const { socket, key } = JSON.parse(await readFile(addressFile, 'utf8')) as Readonly<Record<string, string>>;
      const nonce = 'a'.repeat(32);
      let earlier = '';
      for (const signed of ['known', 'earlier', 'unknown', 'none']) {
        const headers = { 'x-partner-auth-client': nonce };
        const call = request({ socketPath: socket, method: 'POST', path: '/v1', headers, agent: false });
        call.flushHeaders();
        const [response] = (await once(call, 'response')) as [IncomingMessage];
        const [editorNonce = ''] = String(response.headers['x-partner-auth-editor']).split(' ');
        const known = proof('client', `${nonce} ${editorNonce}`, key);
        const proofs: Readonly<Record<string, string>> = { known, earlier, unknown: 'b'.repeat(64) };
        earlier = known;
        call.end(`${JSON.stringify({ proof: proofs[signed], verb: 'token', head: { profile: 'drive' } })}\n`);
        const received = await text(Readable.toWeb(response) as ReadableStream<Uint8Array>).catch(() => 'broken off');
        assert.equal(received === 'broken off', signed !== 'known', signed);
      }
      assert.equal(log.length, 1);
      const call = request({ socketPath: socket, method: 'POST', path: '/v1', agent: false });
      call.end();
      const [response] = (await once(call, 'response')) as [IncomingMessage];
      response.resume();
      assert.equal(response.statusCode, 403);
    }));

  it('are not taken for another program that listens at their address, which is sent nothing', onlyPosix, async () => {
    await using folder = await temporaryFolder();
    const profiles = [{ id: 'drive', status: {} }];
    let received = '';
    let url: string | undefined;
    let header: unknown;
    await using _other = await standInWindow(folder.file('window.json'), (call, response) => {
      url = call.url;
      header = call.headers['x-partner-auth-client'];
      call.on('data', (chunk) => (received += String(chunk)));
      response.setHeader('x-partner-auth-editor', `nonce ${'0'.repeat(64)}`);
      response.end(`${JSON.stringify({ profiles })}\n`);
    });
    assert.equal(await findEditor({ [addressVariable]: folder.file('window.json') }), undefined);
    assert.equal(received, '');
    assert.equal(url, '/v1');
    assert.match(String(header), /^[\da-f]{32}$/, 'a random value, and no proof that could be repeated');
  });

  it('are not looked for where another user can listen, or another machine', onlyPosix, async () => {
    await using folder = await temporaryFolder();
    let calls = 0;
    await using other = await standInWindow(folder.file('window.json'), (_request, response) => {
      calls++;
      response.end();
    });
    const find = () => findEditor({ [addressVariable]: folder.file('window.json') });
    await find();
    assert.equal(calls, 1);
    await chmod(dirname(other.socket), 0o755);
    await find();
    assert.equal(calls, 1);
    const pipe = `\\\\.\\pipe\\partner-auth-${'0a'.repeat(16)}`;
    for (const [socket, platform, isOwn] of [
      [other.socket, 'linux', true],
      ['/partner-auth-Ab12Cd/socket', 'darwin', true],
      ['partner-auth-Ab12Cd/socket', 'linux', false],
      ['/run/docker.sock', 'linux', false],
      [pipe, 'linux', false],
      [pipe, 'win32', true],
      [pipe.replace('.', 'server.example'), 'win32', false],
      [`${pipe}\\more`, 'win32', false],
      [other.socket, 'win32', false],
    ] as const)
      assert.equal(isSocketName(socket, platform), isOwn, `${socket} on ${platform}`);
  });
});
