import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileStore, openSession } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import type { WorkerReport, WorkerTask } from '../../helpers/session-worker.ts';
import { stored } from '../../helpers/with-session.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const worker = new URL('../../helpers/session-worker.ts', import.meta.url);

describe('8 processes on one file store', () => {
  it('make one refresh in total on an expired token, with reuse detection on, and all get the new token', async () => {
    await using folder = await temporaryFolder();
    await using sandbox = await startSandbox({ rotation: 'reuseDetection', accessLifetime: 1 });
    const file = folder.file('session.json');
    const profile = sandbox.profiles.tconnect;
    const session = await openSession({ ...profile, store: fileStore(file) });
    await session.login({ ...profile.credentials });
    const old = await session.accessToken();
    await session.close();

    const task: WorkerTask = { options: { ...profile }, file, calls: 125 };
    const children = Array.from({ length: 8 }, () => fork(worker, [JSON.stringify(task)]));
    try {
      await Promise.all(children.map((child) => next(child)));
      await expired(file);
      sandbox.set({ accessLifetime: undefined });
      const reports = children.map((child) => next(child));
      for (const child of children) child.send('go');
      const results = await Promise.all(reports);
      const current = sandbox.tokens('tconnect')?.accessToken;
      assert.notEqual(current, old);
      for (const report of results) assert.deepEqual(report, { tokens: [current] });
      const refreshes = sandbox.journal.filter(({ call }) => call === 'refresh');
      assert.deepEqual(
        refreshes.map(({ outcome }) => outcome),
        ['ok'],
      );
    } finally {
      for (const child of children) child.kill('SIGKILL');
    }
  });
});

async function next(child: ChildProcess): Promise<WorkerReport> {
  const [message] = (await once(child, 'message', { signal: AbortSignal.timeout(60_000) })) as [WorkerReport];
  return message;
}

/** Waits until the stored access token is over: here real time must pass, for the processes have no common clock. */
async function expired(file: string): Promise<void> {
  const { accessExpiresAt = 0 } = (await stored(fileStore(file))).tokens;
  while (Date.now() <= accessExpiresAt)
    await new Promise((resolve) => setTimeout(resolve, accessExpiresAt - Date.now() + 1));
}
