import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileStore, openSession } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import type { WorkerReport, WorkerTask } from '../../helpers/session-worker.ts';
import { readSession } from '../../helpers/with-session.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const worker = new URL('../../helpers/session-worker.ts', import.meta.url);

describe('8 processes with one file store', () => {
  it('refresh an expired token once under reuse detection, and all get the new token', async () => {
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
      await Promise.all(children.map((child) => nextReport(child)));
      await waitForExpiry(file);
      sandbox.set({ accessLifetime: undefined });
      const reports = children.map((child) => nextReport(child));
      for (const child of children) child.send('start');
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

async function nextReport(child: ChildProcess): Promise<WorkerReport> {
  const [message] = (await once(child, 'message', { signal: AbortSignal.timeout(60_000) })) as [WorkerReport];
  return message;
}

/** Waits in real time until the stored access token has expired, because the processes share no manual clock. */
async function waitForExpiry(file: string): Promise<void> {
  const { accessExpiresAt = 0 } = (await readSession(fileStore(file))).tokens;
  while (Date.now() <= accessExpiresAt)
    await new Promise((resolve) => setTimeout(resolve, accessExpiresAt - Date.now() + 1));
}
