import assert from 'node:assert/strict';
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { fileStore } from '../../../core/index.ts';
import { storedSession } from '../../helpers/stored-session.ts';
import { notOnWindows } from '../../helpers/platform.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { withSession } from '../../helpers/with-session.ts';

const second = { ...storedSession, generation: 2 };

describe('a session file with several names', notOnWindows('links require a privilege on Windows'), () => {
  /** A shared folder, and two releases that have a link to the session file in it. */
  async function releases() {
    const folder = await temporaryFolder();
    const shared = folder.file('shared');
    await mkdir(shared, { mode: 0o700 });
    const links = ['release-1', 'release-2'].map((name) => folder.file(`${name}/session.json`));
    for (const [index, link] of links.entries()) {
      await mkdir(folder.file(`release-${index + 1}`), { mode: 0o700 });
      await symlink(index === 0 ? `${shared}/session.json` : '../shared/session.json', link);
    }
    const [first = '', other = ''] = links;
    return { folder, shared, file: `${shared}/session.json`, first, other };
  }

  it('is one file with one lock, also before it exists', async () => {
    const { folder, shared, file, first, other } = await releases();
    await using _ = folder;
    await fileStore(first).write(storedSession);
    await fileStore(other).write(second);
    assert.deepEqual(await fileStore(first).read(), second);
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), second);
    for (const link of [first, other]) assert.ok((await lstat(link)).isSymbolicLink());
    assert.deepEqual((await readdir(shared)).sort(), ['session.json', 'session.json.previous']);
    await fileStore(first).lock(async () => {
      for (const name of [first, other, file]) {
        await assert.rejects(
          fileStore(name).lock(() => Promise.resolve(), { timeout: 100 }),
          { code: 'lock' },
        );
      }
    });
  });

  it('is one file if a folder on its way is a link', async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.file('release-1'), { mode: 0o700 });
    await symlink('release-1', folder.file('current'));
    await fileStore(folder.file('current/data/session.json')).lock(() =>
      assert.rejects(
        fileStore(folder.file('release-1/data/session.json')).lock(() => Promise.resolve(), { timeout: 100 }),
        { code: 'lock' },
      ),
    );
  });

  it('refreshes once for two sessions that use different names', async () => {
    const { folder, first, other } = await releases();
    await using _ = folder;
    await withSession(
      { sandbox: { rotation: 'reuseDetection' }, session: { store: fileStore(first) } },
      async ({ session, sibling, sandbox }) => {
        const others = await sibling({ store: fileStore(other) });
        await Promise.all([session.refresh(), others.refresh()]);
        await session.refresh();
        await others.refresh();
        const refreshes = sandbox.journal.filter(({ call }) => call === 'refresh');
        assert.deepEqual([...new Set(refreshes.map(({ outcome }) => outcome))], ['ok']);
        assert.equal(await others.accessToken(), sandbox.tokens('tconnect')?.accessToken);
      },
    );
  });

  it('is watched at its real place', async () => {
    const { folder, first, other } = await releases();
    await using _ = folder;
    await fileStore(first).write(storedSession);
    const { promise: changed, resolve } = Promise.withResolvers<undefined>();
    const unsubscribe = fileStore(first).onDidChange?.(() => resolve(undefined));
    try {
      await fileStore(other).write(second);
      await changed;
    } finally {
      unsubscribe?.();
    }
  });

  it('is refused if its links form a circle', async () => {
    await using folder = await temporaryFolder();
    await symlink('b', folder.file('a'));
    await symlink('a', folder.file('b'));
    await assert.rejects(fileStore(folder.file('a')).read(), { code: 'store', message: /too many symbolic links/ });
  });
});

describe('a session file next to another one whose name starts alike', () => {
  it('loses nothing when the other one is written, signed out or cleared', async () => {
    await using folder = await temporaryFolder();
    const neighbours = [
      'session.json.other',
      'session.json.other.previous',
      'session.json.other.corrupt-1700000000000',
    ];
    const temporary = 'session.json.other.0b7c9e0a-6c0e-4b44-9c55-0f6f3c9d6d11.tmp';
    for (const name of [...neighbours, temporary]) await writeFile(folder.file(name), '{}');
    const store = fileStore(folder.file('session.json'));
    await store.write(storedSession);
    await store.write({ version: 1, signedOutAt: 1 });
    await store.clear();
    assert.deepEqual((await readdir(folder.path)).sort(), [...neighbours, temporary].sort());
  });
});
