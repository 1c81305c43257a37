import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileStore, openSession, systemClock, type SessionOptions } from '../../core/index.ts';
import { startSandbox } from '../../core/sandbox/index.ts';
import { bizmailEnv, callsOf, cloudreveEnv, readDocument, testDocument } from '../helpers/documents.ts';
import { firstColumn } from '../helpers/markdown.ts';
import { startProxy } from '../helpers/start-proxy.ts';
import { catchError } from '../helpers/with-session.ts';

const path = 'core/README.md';

testDocument(path, {
  // Run by test/package/, which also installs the file.
  async pack({ code }) {
    assert.equal(code, 'npm pack\n');
  },

  async session({ run }) {
    await using sandbox = await startSandbox();
    const { stdout } = await run({ env: cloudreveEnv(sandbox) });
    assert.deepEqual(stdout.trim().split('\n'), [
      'valid',
      'refreshing',
      // The new token set, before the refresh has ended.
      'refreshing',
      'valid',
      'signedOut',
      'true 200 { revoked: true }',
    ]);
    assert.deepEqual(callsOf(sandbox), ['login', 'refresh', 'protected', 'logout']);
  },

  async calls({ run, folder }) {
    await using sandbox = await startSandbox();
    const { stdout } = await run({ env: cloudreveEnv(sandbox) });
    assert.deepEqual(stdout.trim().split('\n'), ['true', 'true']);
    assert.match(readFileSync(join(folder, 'capacity.json'), 'utf8'), /^\{"code":0,/);
    assert.deepEqual(callsOf(sandbox), ['login', 'protected', 'protected']);
  },

  async fetch({ run }) {
    await using sandbox = await startSandbox();
    assert.equal((await run({ env: cloudreveEnv(sandbox) })).stdout, '200 0\n');
    assert.deepEqual(callsOf(sandbox), ['login', 'protected']);
  },

  async networks({ run }) {
    await using sandbox = await startSandbox();
    await using proxy = await startProxy({ credentials: 'pat:word-of-pat' });
    await run({ env: { ...bizmailEnv(sandbox), BIZMAIL_PROXY: proxy.url } });
    assert.deepEqual(callsOf(sandbox), ['login']);
    assert.equal(proxy.requests.length, 1);
  },

  async ensure({ run, folder }) {
    await using sandbox = await startSandbox();
    const env = { ...cloudreveEnv(sandbox), CLOUDREVE_SESSION: join(folder, 'session.json') };
    for (let start = 0; start < 2; start++) assert.equal((await run({ env })).stdout, '200\n');
    sandbox.revoke('cloudreve');
    assert.equal((await run({ env })).stdout, '200\n');
    const logins = (): number => callsOf(sandbox).filter((call) => call === 'login').length;
    assert.equal(logins(), 2);
    const { baseUrl } = sandbox.profiles.cloudreve;
    // More than a second ago, because the partner is not asked again within one.
    const clock = { ...systemClock, now: () => Date.now() - 5_000, wait: () => Promise.resolve() };
    const store = fileStore(env.CLOUDREVE_SESSION);
    await using session = await openSession({ partner: 'cloudreve', baseUrl, store, clock });
    sandbox.set({ database: 'usersDown' });
    await assert.rejects(session.refresh(), { code: 'sessionEnded' });
    sandbox.set({ database: 'up' });
    assert.equal((await run({ env })).stdout, '200\n');
    assert.equal(logins(), 2, 'the refusal was not one');
  },

  async shutdown({ folder }) {
    const called = Promise.withResolvers<unknown>();
    await using sandbox = await startSandbox({
      delay: 100,
      onRequest: ({ call }) => call === 'protected' && called.resolve(undefined),
    });
    const program = spawn(process.execPath, ['main.ts'], {
      cwd: folder,
      env: { ...process.env, ...cloudreveEnv(sandbox) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(program, 'exit');
    const [line] = (await once(program.stdout, 'data')) as [Buffer];
    const response = fetch(`http://127.0.0.1:${/port: (\d+)/.exec(String(line))?.[1]}/`, {
      headers: { connection: 'close' },
    });
    await called.promise;
    program.kill('SIGTERM');
    // Windows has no signals: the program is ended at once.
    const [responded, ended] = await Promise.allSettled([response, exited]);
    if (process.platform === 'win32') return;
    assert.ok(responded.status === 'fulfilled' && ended.status === 'fulfilled');
    assert.equal(await responded.value.text(), '200');
    assert.deepEqual(ended.value, [0, null]);
  },

  async fake({ run }) {
    assert.equal((await run()).stdout, 'second 404 3\nended\n');
  },

  async encrypted({ run }) {
    await using sandbox = await startSandbox();
    const { stdout } = await run({ env: { ...bizmailEnv(sandbox), STORE_KEY: randomBytes(32).toString('base64') } });
    assert.equal(stdout, "2 2026-11 [ 'keyId', 'iv', 'tag', 'data' ] 1\n");
  },

  async errors({ run }) {
    await using sandbox = await startSandbox();
    const { stdout } = await run({ env: bizmailEnv(sandbox) });
    assert.equal(stdout, 'invalidCredentials false 401\n');
  },
});

describe(path, () => {
  it('lists every option of openSession', async () => {
    const options = { partner: 'bizmail', baseUrl: 'https://x.example', nonsense: 1 } as unknown as SessionOptions;
    const { message } = (await catchError(openSession(options))) as Error;
    assert.deepEqual(firstColumn(readDocument(path), 'option'), /Known: (.*)\./.exec(message)?.[1]?.split(', '));
  });
});
