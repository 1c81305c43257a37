import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
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
const second: StoredSession = { ...record, generation: 2 };

describe('a damaged session file', () => {
  it('found by many processes at once leaves the generation before it in place', async () => {
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

  it('that somebody repaired meanwhile is not set aside', async () => {
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

  it('never takes the place of the generation before', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await fileStore(file).write(record);
    await fileStore(file).write(second);
    await writeFile(file, 'junk');
    await fileStore(file).write(second);
    assert.deepEqual(JSON.parse(await readFile(`${file}.previous`, 'utf8')), record);
  });

  it('that was set aside is gone after a sign-out, for tokens may be in it', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await writeFile(file, JSON.stringify({ ...record, tokens: {} }));
    await assert.rejects(fileStore(file).read(), { code: 'store' });
    assert.equal((await readdir(folder.path)).length, 1);
    await fileStore(file).clear();
    assert.deepEqual(await readdir(folder.path), []);
  });
});

it('a copy of the generation before that can not be made does not cost the newest tokens', async () => {
  await using folder = await temporaryFolder();
  const file = folder.file('session.json');
  await fileStore(file).write(record);
  await mkdir(`${file}.previous`);
  await writeFile(folder.file('session.json.previous/in-the-way'), '');
  await fileStore(file).write(second);
  assert.deepEqual(await fileStore(file).read(), second);
});
