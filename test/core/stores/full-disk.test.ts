import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { fileStore, type StoredSession } from '../../../core/index.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const record: StoredSession = {
  version: 1,
  sessionId: 'a',
  generation: 1,
  partner: 'bizmail',
  origin: 'https://partner.example',
  tokens: { accessToken: 'access-token-1', refreshToken: 'refresh-token-1', issuedAt: 1 },
};

it('the newest tokens are saved on a disk that is full, in the place of the generation before', async (context) => {
  await using folder = await temporaryFolder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'partner-auth-test', folder.path]);
  if (mounted.status !== 0) {
    context.skip('needs the right to mount a small file system');
    return;
  }
  try {
    const file = folder.file('session.json');
    const store = fileStore(file);
    await store.write(record);
    await store.write({ ...record, intent: { at: 1 } });
    assert.throws(() => writeFileSync(folder.file('fill'), Buffer.alloc(1 << 20)), { code: 'ENOSPC' });
    await store.write({ ...record, generation: 2 });
    assert.deepEqual(await store.read(), { ...record, generation: 2 });
    assert.deepEqual((await readdir(folder.path)).sort(), ['fill', 'session.json']);
    assert.equal((await readFile(file, 'utf8')).endsWith('}\n'), true);
  } finally {
    spawnSync('umount', [folder.path]);
  }
});
