import assert from 'node:assert/strict';
import { chmod, chown, link, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { describe, it, type TestContext } from 'node:test';
import { fileStore, type StoredSession } from '../../../core/index.ts';
import { mount } from '../../helpers/mount.ts';
import { storedSession } from '../../helpers/stored-session.ts';
import { notOnWindows } from '../../helpers/platform.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const posixOnly = notOnWindows('Windows has no owners and modes');
const otherUser = 54_321;
const rootOnly = { skip: process.getuid?.() !== 0 && 'only root can give a file to another user' };

/** Asserts that neither reading nor writing uses the file. */
async function assertRefused(file: string, message: RegExp): Promise<void> {
  await assert.rejects(fileStore(file).read(), { code: 'store', setting: 'store', retryable: false, message });
}

describe('a session file', posixOnly, () => {
  for (const [mode, problem] of [
    [0o640, /its group or other users have access.*chmod 600 .*session\.json.*allowGroup: true/],
    [0o660, /its group or other users have access.*chmod 600/],
    [0o604, /its group or other users have access.*chmod 600/],
    [0o666, /every user can write to it.*chmod 600/],
  ] as const) {
    it(`of mode ${mode.toString(8)} is refused`, async () => {
      await using folder = await temporaryFolder();
      const file = folder.file('session.json');
      await writeFile(file, JSON.stringify(storedSession));
      await chmod(file, mode);
      await assertRefused(file, problem);
    });
  }

  it('that a copy has made readable by everybody is read, and then readable by its owner only', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await writeFile(file, JSON.stringify(storedSession));
    await chmod(file, 0o644);
    assert.deepEqual(await fileStore(file).read(), storedSession);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
  });

  it('with another hard link is refused', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await fileStore(file).write(storedSession);
    await link(file, folder.file('other.json'));
    await assertRefused(file, /has 2 hard links/);
  });

  it('that is a pipe is refused without waiting for its writer', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', ['-m', '600', file]);
    await assertRefused(file, /not a regular file/);
  });

  it('that another user has planted is refused', rootOnly, async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await writeFile(file, JSON.stringify(storedSession), { mode: 0o600 });
    await chown(file, otherUser, otherUser);
    await assertRefused(file, /belongs to another user \(54321\)/);
    assert.deepEqual(await readdir(folder.path), ['session.json'], 'it is neither moved nor copied');
  });

  it('is not restored from a previous generation that another user has planted', rootOnly, async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await writeFile(file, 'junk', { mode: 0o600 });
    await writeFile(`${file}.previous`, JSON.stringify(storedSession), { mode: 0o600 });
    await chown(`${file}.previous`, otherUser, otherUser);
    await assert.rejects(fileStore(file).read(), { code: 'store' });
    assert.equal(
      await fileStore(file)
        .read()
        .catch(() => 'refused'),
      'refused',
    );
  });
});

describe('the way to a session file', posixOnly, () => {
  it('is refused through a folder that every user can write to', async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.file('open'));
    await chmod(folder.file('open'), 0o777);
    await mkdir(folder.file('open/mine'), { mode: 0o700 });
    await assertRefused(folder.file('open/session.json'), /every user can replace what is in .*open\. .*chmod o-w/);
    await assertRefused(folder.file('open/mine/session.json'), /every user can replace what is in .*open\./);
    await assert.rejects(fileStore(folder.file('open/session.json')).write(storedSession), { code: 'store' });
    await assert.rejects(
      fileStore(folder.file('open/session.json')).lock(() => Promise.resolve()),
      { code: 'store' },
    );
    assert.deepEqual(await readdir(folder.file('open')), ['mine']);
  });

  it('may lead through a folder with the sticky bit, such as /tmp', async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.file('sticky'));
    await chmod(folder.file('sticky'), 0o1777);
    await symlink('real.json', folder.file('sticky/session.json'));
    await fileStore(folder.file('sticky/session.json')).write(storedSession);
    assert.deepEqual(await fileStore(folder.file('sticky/real.json')).read(), storedSession);
  });

  for (const [what, make] of [
    ['a link', (place: string, target: string) => symlink(target, place)],
    ['a folder', (place: string) => mkdir(place)],
  ] as const) {
    it(`is refused through ${what} of another user`, rootOnly, async () => {
      await using folder = await temporaryFolder();
      await mkdir(folder.file('target'), { mode: 0o700 });
      await make(folder.file('planted'), folder.file('target'));
      const { lchown } = await import('node:fs/promises');
      await lchown(folder.file('planted'), otherUser, otherUser);
      await assertRefused(folder.file('planted/session.json'), /planted belongs to another user \(54321\)/);
    });
  }

  it('may lead through a folder of another user that is mounted', rootOnly, async (t) => {
    await using folder = await temporaryFolder();
    await mkdir(folder.file('outside'), { mode: 0o700 });
    await mkdir(folder.file('mounted'), { mode: 0o700 });
    await chown(folder.file('outside'), otherUser, otherUser);
    using mounted = mount('--bind', folder.file('outside'), folder.file('mounted'));
    if (mounted === undefined) {
      t.skip('requires permission to mount');
      return;
    }
    await fileStore(folder.file('mounted/session.json')).write(storedSession);
    assert.deepEqual(await fileStore(folder.file('mounted/session.json')).read(), storedSession);
  });
});

/** Runs `test` with a stored session on a small file system, which `fill` fills. */
async function withSmallDisk(
  t: TestContext,
  test: (file: string, fill: () => Promise<void>, names: () => Promise<string[]>) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  using mounted = mount('-t', 'tmpfs', '-o', 'size=64k', 'partner-auth-test', folder.path);
  if (mounted === undefined) {
    t.skip('requires permission to mount');
    return;
  }
  await chmod(folder.path, 0o700);
  const file = folder.file('session.json');
  await fileStore(file).write(storedSession);
  const fill = (): Promise<void> =>
    assert.rejects(writeFile(folder.file('fill'), Buffer.alloc(1 << 20)), { code: 'ENOSPC' });
  await test(file, fill, async () => (await readdir(folder.path)).sort());
}

describe('a write on a full disk', posixOnly, () => {
  it('uses no previous generation that is a link or belongs to another user', rootOnly, (t) =>
    withSmallDisk(t, async (file, fill) => {
      await using elsewhere = await temporaryFolder();
      await writeFile(elsewhere.file('victim'), 'unchanged', { mode: 0o600 });
      await symlink(elsewhere.file('victim'), `${file}.previous`);
      await fill();
      const next: StoredSession = { ...storedSession, generation: 2 };
      await assert.rejects(fileStore(file).write(next), { code: 'store' });
      assert.equal(await readFile(elsewhere.file('victim'), 'utf8'), 'unchanged');
      assert.ok((await lstat(`${file}.previous`)).isSymbolicLink());
    }),
  );

  it('replaces the tokens by a sign-out', (t) =>
    withSmallDisk(t, async (file, fill, names) => {
      await fill();
      await fileStore(file).write({ version: 1, signedOutAt: 1 });
      assert.deepEqual(await fileStore(file).read(), { version: 1, signedOutAt: 1 });
      assert.deepEqual(await names(), ['fill', 'session.json']);
    }));
});

describe('fileStore() with allowGroup', posixOnly, () => {
  it('shares file, lock and new folders with the group', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('shared/session.json');
    const store = fileStore(file, { allowGroup: true });
    await store.lock(async (held) => {
      assert.equal((await stat(`${file}.lock`)).mode & 0o777, 0o660);
      await store.write(storedSession, { held });
    });
    await store.write({ ...storedSession, generation: 2 });
    for (const path of [file, `${file}.previous`]) assert.equal((await stat(path)).mode & 0o777, 0o660);
    assert.deepEqual(await store.read(), { ...storedSession, generation: 2 });
    await assertRefused(file, /allowGroup: true/);
  });

  it('accepts the file that another member of the group has written', rootOnly, async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await fileStore(file, { allowGroup: true }).write(storedSession);
    await chown(file, otherUser, process.getgid?.() ?? 0);
    assert.deepEqual(await fileStore(file, { allowGroup: true }).read(), storedSession);
    await chown(file, otherUser, otherUser);
    await assert.rejects(fileStore(file, { allowGroup: true }).read(), { code: 'store', message: /another user/ });
  });

  it('does not know other options', () => {
    assert.throws(() => fileStore('session.json', { allowgroup: true } as object), /allowgroup/);
  });
});
