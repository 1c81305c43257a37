import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { it, mock } from 'node:test';
import { fileStore } from '../../../../core/index.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

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
