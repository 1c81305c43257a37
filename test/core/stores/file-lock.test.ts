import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { describe, it, mock } from 'node:test';
import { fileStore } from '../../../core/index.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

/** Leaves the lock of a process that was killed while it held it. */
async function lockAndDie(file: string): Promise<void> {
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

/** ms; sooner than a heartbeat that stands still would tell. */
const atOnce = 8_000;

describe('the lock of a file store', { concurrency: true }, () => {
  it('lets one in at a time', async () => {
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

  it('names its owner and is gone afterwards, also after an error', async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.file('session.json'));
    const lock = folder.file('session.json.lock');
    await assert.rejects(
      store.lock(async (held) => {
        const { pid } = JSON.parse(await readFile(lock, 'utf8')) as { pid: number };
        assert.equal(pid, process.pid);
        assert.equal(await held.stillHeld(), true);
        throw new Error('from inside');
      }),
      /from inside/,
    );
    await assert.rejects(stat(lock), { code: 'ENOENT' });
  });

  it('is taken over at once from a process that was killed', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await lockAndDie(file);
    assert.equal(await fileStore(file).lock(() => Promise.resolve('mine'), { timeout: atOnce }), 'mine');
  });

  it('is taken over at once also when the process that was taking it over was killed', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await lockAndDie(file);
    await copyFile(`${file}.lock`, `${file}.lock.takeover`);
    assert.equal(await fileStore(file).lock(() => Promise.resolve('mine'), { timeout: atOnce }), 'mine');
    await assert.rejects(stat(`${file}.lock.takeover`), { code: 'ENOENT' });
  });

  it('is taken over from another machine only when its heartbeat stood still', async () => {
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
    assert.ok(performance.now() - start >= 10_000, 'no sooner than the stated time');
  });

  it('is waited for no longer than the stated time when something else is in its place that can not be removed', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await mkdir(`${file}.lock`);
    await assert.rejects(
      fileStore(file).lock(() => Promise.resolve(), { timeout: 10_500 }),
      { code: 'lock', message: /held by another process for .*remove the file/ },
    );
  });

  it('is waited for when a link that leads nowhere is in its place, and then takes that place', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await symlink(folder.file('nowhere'), `${file}.lock`);
    await assert.rejects(
      fileStore(file).lock(() => Promise.resolve(), { timeout: 200 }),
      { code: 'lock' },
    );
    assert.equal(await fileStore(file).lock(() => Promise.resolve('mine')), 'mine');
  });

  it('says so when its folder can not be made', async () => {
    await using folder = await temporaryFolder();
    await symlink(folder.file('nowhere'), folder.file('folder'));
    const store = fileStore(folder.file('folder/session.json'));
    await assert.rejects(
      store.lock(() => Promise.resolve()),
      { code: 'store', setting: 'store', message: /session\.json\.lock could not be created \(ENOENT\)/ },
    );
  });

  it('tells its holder that it was lost', async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.file('session.json'));
    await store.lock(async (held) => {
      await writeFile(folder.file('session.json.lock'), JSON.stringify({ id: 'thief', pid: process.pid, host: 'h' }));
      assert.equal(await held.stillHeld(), false);
    });
    assert.match(await readFile(folder.file('session.json.lock'), 'utf8'), /thief/, 'the lock of the other stays');
  });
});

it('a machine that wakes from sleep does not take over a lock whose owner slept as well', async () => {
  await using folder = await temporaryFolder();
  const file = folder.file('session.json');
  const owner = JSON.stringify({ id: 'x', pid: 1, host: `not-${hostname()}` });
  await writeFile(`${file}.lock`, owner);
  const { now } = performance;
  let asleep = 0;
  const clock = mock.method(performance, 'now', () => now.call(performance) + asleep);
  try {
    const got = fileStore(file).lock(() => Promise.resolve('taken over'), { timeout: 400 });
    setTimeout(() => (asleep = 10 * 3_600_000), 100);
    await assert.rejects(got, { code: 'lock' });
  } finally {
    clock.mock.restore();
  }
});
