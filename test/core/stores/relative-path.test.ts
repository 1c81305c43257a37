import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { encryptedStore, fileStore, memoryStore } from '../../../core/index.ts';
import { runProgram } from '../../helpers/run-program.ts';
import { root } from '../../helpers/tarball.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { withSession } from '../../helpers/with-session.ts';

describe('the path of a file store', () => {
  // In a process of its own, because the working directory is that of the whole process.
  it('is resolved when the store is made, and stated in status and errors', async () => {
    await using folder = await temporaryFolder();
    const index = JSON.stringify(join(root, 'core', 'index.ts'));
    await writeFile(
      folder.file('main.mjs'),
      `import { mkdirSync, writeFileSync } from 'node:fs';
      import { fileStore, openSession } from ${index};
      mkdirSync('first');
      mkdirSync('second');
      process.chdir('first');
      const store = fileStore('session.json');
      process.chdir('../second');
      const session = await openSession({ partner: 'bizmail', baseUrl: 'http://127.0.0.1:1', store });
      console.log(session.status.storePath);
      writeFileSync('../first/session.json', '{"not":"a session"}', { mode: 0o600 });
      await store.read().catch(({ message }) => console.log(message));`,
    );
    const { code, stdout, stderr } = await runProgram(process.execPath, ['main.mjs'], { cwd: folder.path });
    assert.deepEqual([code, stderr], [0, '']);
    const [path = '', message = ''] = stdout.split('\n');
    assert.ok(path.endsWith(join('first', 'session.json')), path);
    assert.ok(message.includes(path), message);
  });

  it('is in the status also of an encrypted file, and absent without a file', async () => {
    await using folder = await temporaryFolder();
    const path = folder.file('session.json');
    const store = encryptedStore(fileStore(path), { name: 'a', keys: [{ id: 'k', key: Buffer.alloc(32) }] });
    await withSession({ session: { store } }, async ({ session }) => assert.equal(session.status.storePath, path));
    await withSession({ session: { store: memoryStore() } }, async ({ session }) =>
      assert.equal('storePath' in session.status, false),
    );
  });
});
