import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { startSandbox, type Sandbox } from '../../core/sandbox/index.ts';
import { examples, fileOf, variablesFor } from '../examples/examples.ts';
import { callsOf, readDocument } from '../helpers/documents.ts';
import { runProgram, type ProgramResult } from '../helpers/run-program.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

function run(name: string, cwd: string, sandbox: Sandbox, ...args: string[]): Promise<ProgramResult> {
  return runProgram(process.execPath, [fileOf(name), ...args], { cwd, env: variablesFor(sandbox) });
}

describe('the programs of core/examples/', () => {
  it('are in the table of its page', () => {
    for (const name of examples)
      assert.ok(readDocument('core/examples/README.md').includes(`[${name}.ts](${name}.ts)`));
  });

  it('sync what is new, with one sign-in for all runs', async () => {
    await using sandbox = await startSandbox();
    await using folder = await temporaryFolder();
    const first = await run('sync-script', folder.path, sandbox);
    assert.deepEqual([first.code, first.stderr], [0, '']);
    const [, until] = /^1 transactions from 2026-01-01 00:00:00 until (.*)$/m.exec(first.stdout) ?? [];
    sandbox.set({ accessLifetime: 1000 });
    sandbox.advance(36_000);
    const second = await run('sync-script', folder.path, sandbox);
    assert.deepEqual([second.code, second.stderr], [0, '']);
    assert.match(second.stdout, new RegExp(`^1 transactions from ${until} until `));
    assert.equal(readFileSync(folder.file('transactions.ndjson'), 'utf8').split('\n').length, 3);
    assert.deepEqual(callsOf(sandbox), ['login', 'protected', 'protected', 'refresh', 'protected']);
  });

  it('serve calls and their health, sign in again after a revocation, and end after the requests in progress', async () => {
    const reached = Promise.withResolvers<unknown>();
    await using sandbox = await startSandbox({
      onRequest: () => sandbox.scenarios.delay > 0 && reached.resolve(undefined),
    });
    await using folder = await temporaryFolder();
    const service = spawn(process.execPath, [fileOf('service')], {
      ...{ cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe'] },
      env: { ...process.env, ...variablesFor(sandbox) },
    });
    const exited = once(service, 'exit');
    const [line] = (await once(service.stdout, 'data')) as [Buffer];
    const get = async (path: string): Promise<[number, unknown]> => {
      const address = `http://127.0.0.1:${/port: (\d+)/.exec(String(line))?.[1]}${path}`;
      const response = await fetch(address, { headers: { connection: 'close' } });
      return [response.status, await response.json()];
    };
    assert.deepEqual(await get('/health'), [200, { phase: 'valid' }]);
    assert.equal((await get('/capacity'))[0], 200);
    assert.equal((await get('/other'))[0], 404);
    sandbox.set({ database: 'down' });
    assert.equal((await get('/capacity'))[0], 502);
    sandbox.set({ database: 'up' });
    sandbox.revoke('cloudreve');
    assert.deepEqual(await get('/capacity'), [502, { error: 'sessionEnded' }]);
    const [status, health] = await get('/health');
    assert.deepEqual([status, (health as { phase: string }).phase], [503, 'ended']);
    assert.equal((await get('/capacity'))[0], 200);
    assert.deepEqual(await get('/health'), [200, { phase: 'valid' }]);
    sandbox.set({ delay: 100 });
    const inFlight = get('/capacity');
    await reached.promise;
    service.kill('SIGTERM');
    // Windows has no signals: the program is ended at once.
    const [responded, ended] = await Promise.allSettled([inFlight, exited]);
    if (process.platform === 'win32') return;
    assert.ok(responded.status === 'fulfilled' && ended.status === 'fulfilled');
    assert.equal(responded.value[0], 200);
    assert.deepEqual(ended.value, [0, null]);
  });

  it('warn three days before somebody must sign in again', async () => {
    await using sandbox = await startSandbox();
    await using folder = await temporaryFolder();
    const before = await run('nightly-job', folder.path, sandbox);
    assert.equal(before.code, 1);
    assert.match(before.stderr, /signedOut/);
    const signedIn = await run('nightly-job', folder.path, sandbox, 'sign-in');
    assert.deepEqual([signedIn.code, signedIn.stderr], [0, '']);
    const night = await run('nightly-job', folder.path, sandbox);
    assert.deepEqual([night.code, night.stderr], [0, '']);
    assert.match(night.stdout, /^200 \{"transactions":/);
    sandbox.set({ refreshLifetime: 2 * 86_400 });
    sandbox.revoke('tconnect');
    await run('nightly-job', folder.path, sandbox, 'sign-in');
    const last = await run('nightly-job', folder.path, sandbox);
    assert.equal(last.code, 0);
    assert.match(last.stderr, /^Sign in again before \d{4}-\d\d-\d\dT.*: node nightly-job\.ts sign-in\n$/);
  });

  it('share a session between four threads, which sign in once and lose no call while its tokens are refused', async () => {
    await using folder = await temporaryFolder();
    const calls: string[] = [];
    // A refresh token that is sent twice would end the session.
    await using sandbox = await startSandbox({
      rotation: 'reuseDetection',
      onRequest: ({ call, outcome }) => {
        const served = calls.push(`${call} ${outcome}`);
        if (served === 100 || served === 300) sandbox.advance(3600);
      },
    });
    const { code, stdout, stderr } = await run('worker-threads', folder.path, sandbox);
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual(
      stdout.trim().split('\n').sort(),
      [1, 2, 3, 4].map((thread) => `Thread ${thread}: 100 calls`),
    );
    const count = (name: string): number => calls.filter((call) => call === name).length;
    assert.deepEqual([count('login ok'), count('refresh ok'), count('protected ok')], [1, 2, 400]);
  });
});
