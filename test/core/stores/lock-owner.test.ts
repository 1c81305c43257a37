import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { describe, it } from 'node:test';
import { fileStore } from '../../../core/index.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

interface Owner {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  readonly machine: string;
  readonly start?: string;
}

const core = JSON.stringify(new URL('../../../core/index.ts', import.meta.url).href);

/** Starts a process that holds the lock of this file until it is killed. */
async function startHolder(file: string, whileHeld = 'setInterval(() => {}, 1000)'): Promise<ChildProcess> {
  const script = `
    const { fileStore } = await import(${core});
    await fileStore(${JSON.stringify(file)}).lock(() => {
      process.stdout.write('held');
      return new Promise(() => { ${whileHeld} });
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

const readLock = async (file: string): Promise<Owner> => JSON.parse(await readFile(`${file}.lock`, 'utf8')) as Owner;

/** Longer than the wait for a heartbeat, in ms. */
const longTimeout = 12_000;
/** Shorter than it. */
const shortTimeout = 5_000;

const linuxOnly = { skip: process.platform !== 'linux' && 'only Linux shows when another process has started' };

describe('the lock of a process that runs on the same machine', { concurrency: true, ...linuxOnly }, () => {
  it('is not taken over while the process is stopped', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    const holder = await startHolder(file);
    try {
      holder.kill('SIGSTOP');
      await assert.rejects(
        fileStore(file).lock(() => Promise.resolve(), { timeout: longTimeout }),
        { code: 'lock', message: new RegExp(`held by process ${holder.pid}`) },
      );
    } finally {
      await stop(holder);
    }
  });

  it('is not taken over while its event loop is blocked', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    const holder = await startHolder(file, 'setImmediate(() => { for (;;); })');
    try {
      await assert.rejects(
        fileStore(file).lock(() => Promise.resolve(), { timeout: longTimeout }),
        { code: 'lock' },
      );
    } finally {
      await stop(holder);
    }
  });

  it('is taken over immediately if its process id now belongs to another process', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await fileStore(file).lock(async () => {
      const owner = await readLock(file);
      await writeFile(`${file}.lock`, JSON.stringify({ ...owner, id: 'earlier', start: '1' }));
    });
    assert.equal(await fileStore(file).lock(() => Promise.resolve('mine'), { timeout: shortTimeout }), 'mine');
  });

  for (const [what, change] of [
    ['another boot of the machine', (machine: string) => machine.replace(/^\w{8}/, '00000000')],
    ['another container', (machine: string) => machine.replace(/pid:\[\d+\]/, 'pid:[1]')],
    ['a machine with the same host name', () => ''],
  ] as const) {
    it(`is not mistaken for one of ${what} that has the same process id`, async () => {
      await using folder = await temporaryFolder();
      const file = folder.file('session.json');
      await fileStore(file).lock(async () => {
        const owner = await readLock(file);
        // No process of this machine has this id, so that the owner would seem to have exited.
        const other = { ...owner, id: 'other', pid: 4_194_305, machine: change(owner.machine) };
        await writeFile(`${file}.lock`, JSON.stringify(other));
      });
      await assert.rejects(
        fileStore(file).lock(() => Promise.resolve(), { timeout: shortTimeout }),
        { code: 'lock' },
      );
      assert.equal(await fileStore(file).lock(() => Promise.resolve('mine'), { timeout: longTimeout }), 'mine');
    });
  }
});

describe('a lock file', { concurrency: true }, () => {
  it('is not kept fresh by a process that has lost it', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    const long = new Date(Date.now() - 60_000);
    await fileStore(file).lock(async (held) => {
      await writeFile(`${file}.lock`, JSON.stringify({ id: 'next', pid: 1, host: `not-${hostname()}` }));
      await utimes(`${file}.lock`, long, long);
      assert.equal(await held.stillHeld(), false);
      // Longer than two heartbeats.
      await new Promise((resolve) => setTimeout(resolve, 2_200));
      assert.equal((await stat(`${file}.lock`)).mtimeMs, long.getTime());
    });
  });

  it('that its owner could not remove is free', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await fileStore(file).lock(async () => {
      const owner = await readLock(file);
      await writeFile(`${file}.lock`, JSON.stringify({ ...owner, id: 'released', released: true }));
    });
    assert.equal(await fileStore(file).lock(() => Promise.resolve('mine'), { timeout: shortTimeout }), 'mine');
  });

  it('is removed by one of many waiters, also if the first that tried was killed', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    for (let round = 0; round < 10; round++) {
      const holder = await startHolder(file);
      await stop(holder);
      const owner = await readLock(file);
      const claimant = { ...owner, id: `claimant-${round}` };
      await writeFile(`${file}.lock.takeover-${owner.id}`, JSON.stringify(claimant));
      let inside = 0;
      const counts = await Promise.all(
        Array.from({ length: 8 }, () =>
          fileStore(file).lock(async () => {
            const count = ++inside;
            await new Promise((resolve) => setImmediate(resolve));
            inside--;
            return count;
          }),
        ),
      );
      assert.deepEqual(
        counts,
        counts.map(() => 1),
      );
      assert.deepEqual(await readdir(folder.path), []);
    }
  });
});
