import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { describe, it, mock } from 'node:test';
import { fileStore } from '../../../core/index.ts';
import { notOnWindows } from '../../helpers/platform.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

/** Leaves the lock file of a process that was killed while it held the lock. */
async function leaveLockOfKilledProcess(file: string): Promise<void> {
  const script = `
    const { fileStore } = await import(${JSON.stringify(new URL('../../../core/index.ts', import.meta.url).href)});
    await fileStore(${JSON.stringify(file)}).lock(() => { process.stdout.write('held'); return new Promise(() => setInterval(() => {}, 1000)); });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

const withLinks = notOnWindows('requires a privilege on Windows');

/** A timeout in ms that is shorter than the wait for a missing heartbeat. */
const shortTimeout = 8_000;

describe('the lock of a file store', { concurrency: true }, () => {
  it('admits one holder at a time', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    let inside = 0;
    let most = 0;
    const runs = Array.from({ length: 20 }, () =>
      fileStore(file).lock(async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
      }),
    );
    await Promise.all(runs);
    assert.equal(most, 1);
  });

  it('names its owner and is removed afterwards, even after an error', async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.file('session.json'));
    const lock = folder.file('session.json.lock');
    await assert.rejects(
      store.lock(async (held) => {
        const { pid } = JSON.parse(await readFile(lock, 'utf8')) as { pid: number };
        assert.equal(pid, process.pid);
        assert.equal(await held.stillHeld(), true);
        throw new Error('The callback failed.');
      }),
      /The callback failed/,
    );
    await assert.rejects(stat(lock), { code: 'ENOENT' });
  });

  it('is taken over immediately from a killed process', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await leaveLockOfKilledProcess(file);
    assert.equal(await fileStore(file).lock(() => Promise.resolve('mine'), { timeout: shortTimeout }), 'mine');
  });

  it('is taken over from another machine only after its heartbeat stops', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    const foreign = JSON.stringify({ id: 'x', pid: 1, host: `not-${hostname()}` });
    await writeFile(`${file}.lock`, foreign);
    await assert.rejects(
      fileStore(file).lock(() => Promise.resolve(), { timeout: 200 }),
      {
        code: 'lock',
        retryable: true,
        message: /held by process 1 for .*remove the file/,
      },
    );
    assert.equal(await readFile(`${file}.lock`, 'utf8'), foreign);
    const start = performance.now();
    await fileStore(file).lock(() => Promise.resolve());
    assert.ok(performance.now() - start >= 10_000, 'the takeover waits for the heartbeat timeout');
  });

  it('times out if a folder is in its place', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await mkdir(`${file}.lock`);
    await assert.rejects(
      fileStore(file).lock(() => Promise.resolve(), { timeout: 10_500 }),
      { code: 'lock', message: /held by another process for .*remove the file/ },
    );
  });

  it('replaces a dangling symbolic link after the wait for a heartbeat', withLinks, async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await symlink(folder.file('nowhere'), `${file}.lock`);
    await assert.rejects(
      fileStore(file).lock(() => Promise.resolve(), { timeout: 200 }),
      { code: 'lock' },
    );
    assert.equal(await fileStore(file).lock(() => Promise.resolve('mine')), 'mine');
  });

  it('reports that its folder cannot be created', withLinks, async () => {
    await using folder = await temporaryFolder();
    await symlink(folder.file('nowhere'), folder.file('folder'));
    const store = fileStore(folder.file('folder/session.json'));
    await assert.rejects(
      store.lock(() => Promise.resolve()),
      { code: 'store', setting: 'store', message: /session\.json\.lock could not be created \(ENOENT\)/ },
    );
  });

  for (const path of ['/proc/self/session.json', '/proc/none/session.json', '/proc/none/below/session.json']) {
    it(`reports a place in which nothing can be created, such as ${path}`, async () => {
      await assert.rejects(
        fileStore(path).lock(() => Promise.resolve(), { timeout: 1_000 }),
        { code: 'store', message: /could not be created \(ENO[A-Z]+\)/ },
      );
    });
  }

  it('creates the folders that are missing, also when many do at once, and only its user can enter them', async () => {
    await using folder = await temporaryFolder();
    const paths = ['a', 'b', 'c'].map((name) => folder.file(`one/two/${name}.json`));
    await Promise.all(paths.map((path) => fileStore(path).lock(() => Promise.resolve())));
    if (process.platform === 'win32') return;
    for (const name of ['one', 'one/two']) assert.equal((await stat(folder.file(name))).mode & 0o777, 0o700);
  });

  it('reports to its holder that it was lost', async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.file('session.json'));
    await store.lock(async (held) => {
      await writeFile(folder.file('session.json.lock'), JSON.stringify({ id: 'other', pid: process.pid, host: 'h' }));
      assert.equal(await held.stillHeld(), false);
    });
    assert.match(
      await readFile(folder.file('session.json.lock'), 'utf8'),
      /"other"/,
      'the lock of the other process stays',
    );
  });
});

describe('the lock of a file store after sleep', () => {
  it('is not taken over from an owner that was asleep too', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    const owner = JSON.stringify({ id: 'x', pid: 1, host: `not-${hostname()}` });
    await writeFile(`${file}.lock`, owner);
    const { now } = performance;
    let asleep = 0;
    const clock = mock.method(performance, 'now', () => now.call(performance) + asleep);
    try {
      const result = fileStore(file).lock(() => Promise.resolve('taken over'), { timeout: 400 });
      setTimeout(() => (asleep = 10 * 3_600_000), 100);
      await assert.rejects(result, { code: 'lock' });
    } finally {
      clock.mock.restore();
    }
  });
});
