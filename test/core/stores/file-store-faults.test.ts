import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { encryptedStore, fileStore, type StoredSession } from '../../../core/index.ts';
import { notOnWindows } from '../../helpers/platform.ts';
import { storedSession as record } from '../../helpers/stored-session.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const second: StoredSession = { ...record, generation: 2 };
const withTmpfs = notOnWindows('Windows has no tmpfs');

describe('a damaged session file', () => {
  it('does not cost the previous generation when 8 readers find it concurrently', async () => {
    for (let trial = 0; trial < 20; trial++) {
      await using folder = await temporaryFolder();
      const file = folder.file('session.json');
      await fileStore(file).write(record);
      await fileStore(file).write(second);
      await writeFile(file, 'junk');
      await Promise.allSettled(Array.from({ length: 8 }, () => fileStore(file).read()));
      assert.deepEqual(await fileStore(file).read(), record, (await readdir(folder.path)).join(' '));
    }
  });

  it('is not set aside if another process repairs it at the same time', async () => {
    for (let trial = 0; trial < 20; trial++) {
      await using folder = await temporaryFolder();
      const file = folder.file('session.json');
      await fileStore(file).write(record);
      await writeFile(file, 'junk');
      await Promise.allSettled([fileStore(file).read(), fileStore(file).write(second)]);
      const found = await fileStore(file)
        .read()
        .catch(() => fileStore(file).read());
      assert.deepEqual(found, second);
    }
  });

  it('never replaces the previous generation', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await fileStore(file).write(record);
    await fileStore(file).write(second);
    await writeFile(file, 'junk');
    await fileStore(file).write(second);
    assert.deepEqual(JSON.parse(await readFile(`${file}.previous`, 'utf8')), record);
  });

  it('is deleted by clear() after it was set aside, because it may contain tokens', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await writeFile(file, JSON.stringify({ ...record, tokens: {} }));
    await assert.rejects(fileStore(file).read(), { code: 'store' });
    assert.equal((await readdir(folder.path)).length, 1);
    await fileStore(file).clear();
    assert.deepEqual(await readdir(folder.path), []);
  });
});

describe('a write to a file store', () => {
  it('saves the newest tokens even if the previous generation cannot be copied', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await fileStore(file).write(record);
    await mkdir(`${file}.previous`);
    await writeFile(folder.file('session.json.previous/in-the-way'), '');
    await fileStore(file).write(second);
    assert.deepEqual(await fileStore(file).read(), second);
  });

  it('saves the newest tokens on a full disk in place of the previous generation', withTmpfs, async (context) => {
    await using folder = await temporaryFolder();
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'partner-auth-test', folder.path]);
    if (mounted.status !== 0) {
      context.skip('requires permission to mount a small file system');
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

  it('leaves that place to the newest tokens if what is encrypted adds only an intent', withTmpfs, async (context) => {
    await using folder = await temporaryFolder();
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'partner-auth-test', folder.path]);
    if (mounted.status !== 0) {
      context.skip('requires permission to mount a small file system');
      return;
    }
    try {
      const file = folder.file('session.json');
      const store = encryptedStore(fileStore(file), { name: 'acme', keys: [{ id: 'k1', key: Buffer.alloc(32, 1) }] });
      await store.write(record);
      await store.write(record);
      assert.throws(() => writeFileSync(folder.file('fill'), Buffer.alloc(1 << 20)), { code: 'ENOSPC' });
      await assert.rejects(store.write({ ...record, intent: { at: 1 } }), { code: 'store', message: /ENOSPC/ });
      assert.deepEqual(await store.read(), record);
      await store.write({ ...record, generation: 2 });
      assert.deepEqual(await store.read(), { ...record, generation: 2 });
    } finally {
      spawnSync('umount', [folder.path]);
    }
  });
});
