import assert from 'node:assert/strict';
import { chmod, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it, mock, type TestContext } from 'node:test';
import { fileStore, openSession } from '../../../core/index.ts';
import { mount } from '../../helpers/mount.ts';
import { storedSession } from '../../helpers/stored-session.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { withSession } from '../../helpers/with-session.ts';

const second = { ...storedSession, generation: 2 };

/** Runs a test with a file that is mounted alone, as containers do with a single file of the host. */
async function withMountedFile(
  t: TestContext,
  test: (file: string, outside: string) => Promise<void>,
  prepare: (outside: string) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await using folder = await temporaryFolder();
  const [outside, file] = [folder.file('outside.json'), folder.file('container/session.json')];
  await mkdir(dirname(file), { mode: 0o700 });
  for (const path of [outside, file]) await writeFile(path, '', { mode: 0o600 });
  await prepare(outside);
  using mounted = mount('--bind', outside, file);
  if (mounted === undefined) {
    t.skip('requires permission to mount');
    return;
  }
  await test(file, outside);
}

describe('a session file that is mounted alone', () => {
  it('is no session while it is empty, and is written in place', (t) =>
    withMountedFile(t, async (file, outside) => {
      const store = fileStore(file);
      assert.equal(await store.read(), undefined);
      await store.write({ ...storedSession, account: 'a longer record' });
      await store.write(storedSession);
      await store.write(second);
      assert.deepEqual(await store.read(), second);
      assert.deepEqual(JSON.parse(await readFile(outside, 'utf8')), second);
      assert.deepEqual(JSON.parse(await readFile(`${file}.previous`, 'utf8')), storedSession);
    }));

  it('keeps a session through refreshes and a restart, and its sign-out', (t) =>
    withMountedFile(t, async (file, outside) => {
      await withSession(
        { sandbox: { rotation: 'reuseDetection' }, session: { store: fileStore(file) } },
        async ({ session, sibling, sandbox }) => {
          await session.refresh();
          await session.close();
          const restarted = await sibling({ store: fileStore(file) });
          await restarted.refresh();
          assert.equal(await restarted.accessToken(), sandbox.tokens('tconnect')?.accessToken);
          await restarted.signOut();
          assert.deepEqual(Object.keys(JSON.parse(await readFile(outside, 'utf8')) as object), [
            'version',
            'signedOutAt',
          ]);
        },
      );
    }));

  it('is emptied by clear()', (t) =>
    withMountedFile(t, async (file, outside) => {
      const store = fileStore(file);
      await store.write(storedSession);
      await store.clear();
      assert.equal(await readFile(outside, 'utf8'), '');
      assert.equal(await store.read(), undefined);
    }));

  it('is set aside and restored if it is damaged', (t) =>
    withMountedFile(t, async (file, outside) => {
      const store = fileStore(file);
      await store.write(storedSession);
      await store.write(second);
      await writeFile(outside, 'junk');
      await assert.rejects(store.read(), {
        code: 'store',
        message: /set aside as .* previous generation was restored/,
      });
      assert.deepEqual(await store.read(), storedSession);
    }));

  it('may belong to another user if nobody else can write to it', (t) =>
    withMountedFile(
      t,
      async (file, outside) => {
        await writeFile(outside, JSON.stringify(storedSession));
        assert.deepEqual(await fileStore(file).read(), storedSession);
        await chmod(outside, 0o664);
        await assert.rejects(fileStore(file).read(), { code: 'store', message: /chmod 600/ });
      },
      async (outside) => {
        const handle = await open(outside);
        await handle.chown(54_321, 54_321);
        await handle.chmod(0o644);
        await handle.close();
      },
    ));
});

describe('a file system', () => {
  for (const code of ['EINVAL', 'ENOTSUP']) {
    it(`that reports ${code} when a folder or file is synced keeps the session`, async () => {
      await using folder = await temporaryFolder();
      const probe = await open(folder.path);
      const prototype = Object.getPrototypeOf(probe) as { sync(): Promise<void> };
      await probe.close();
      const sync = mock.method(prototype, 'sync', () => Promise.reject(Object.assign(new Error(code), { code })));
      try {
        const store = fileStore(folder.file('session.json'));
        await store.write(storedSession);
        assert.deepEqual(await store.read(), storedSession);
        // Windows cannot sync a folder.
        assert.ok(sync.mock.callCount() >= (process.platform === 'win32' ? 1 : 2));
      } finally {
        sync.mock.restore();
      }
    });
  }

  it('that is read-only leaves a session usable that was never stored, and reports it', async (t) => {
    await using folder = await temporaryFolder();
    using mounted = mount('-t', 'tmpfs', '-o', 'ro', 'partner-auth-test', folder.path);
    if (mounted === undefined) {
      t.skip('requires permission to mount');
      return;
    }
    const store = fileStore(join(folder.path, 'session.json'));
    await withSession({ session: { store }, signedIn: false }, async ({ session, credentials, sandbox }) => {
      await assert.rejects(session.login(credentials), {
        code: 'store',
        message: /Signed in for this process only.*EROFS/,
      });
      for (let round = 0; round < 2; round++) {
        const before = await session.accessToken();
        await assert.rejects(session.refresh(), { code: 'store', message: /EROFS/ });
        assert.notEqual(await session.accessToken(), before);
        assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
        assert.equal(session.status.lastError?.code, 'store');
      }
      await session.signOut();
      assert.equal(session.status.phase, 'signedOut');
    });
  });

  it('that has become read-only keeps the refresh token of a stored session unused, and the error says why', async (t) => {
    await using folder = await temporaryFolder();
    using mounted = mount('-t', 'tmpfs', 'partner-auth-test', folder.path);
    if (mounted === undefined) {
      t.skip('requires permission to mount');
      return;
    }
    const store = fileStore(join(folder.path, 'session.json'));
    await withSession({ session: { store } }, async ({ session, sandbox, sibling }) => {
      using readOnly = mount('-o', 'remount,ro', folder.path);
      assert.ok(readOnly);
      const message =
        /EROFS.*not refreshed, because the new refresh token could not be saved, and other processes may have/;
      await assert.rejects(session.refresh(), { code: 'store', message });
      const restarted = await sibling({ store: fileStore(join(folder.path, 'session.json')) });
      await assert.rejects(restarted.refresh(), { code: 'store', message });
      assert.deepEqual(
        sandbox.journal.filter(({ call }) => call === 'refresh'),
        [],
      );
    });
  });
});

describe('an empty session file', () => {
  it('is no session', async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.file('session.json'), '\n');
    const store = fileStore(folder.file('session.json'));
    await using session = await openSession({ partner: 'bizmail', baseUrl: 'https://partner.example', store });
    assert.equal(session.status.phase, 'signedOut');
  });
});
