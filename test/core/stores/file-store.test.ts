import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { fileStore, openSession, type StoredSession } from '../../../core/index.ts';
import { notOnWindows } from '../../helpers/platform.ts';
import { replaceFile } from '../../helpers/replace-file.ts';
import { storedSession as record } from '../../helpers/stored-session.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { readSession, withSession } from '../../helpers/with-session.ts';

const second: StoredSession = { ...record, generation: 2 };

describe('fileStore', () => {
  it('reads undefined from a missing file and does not create it', async () => {
    await using folder = await temporaryFolder();
    assert.equal(await fileStore(folder.file('session.json')).read(), undefined);
    assert.deepEqual(await readdir(folder.path), []);
  });

  it('keeps a session in a file, with the previous generation next to it', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('deep/folder/session.json');
    const store = fileStore(file);
    await store.write(record);
    await store.write(second);
    assert.deepEqual(await store.read(), second);
    assert.deepEqual(JSON.parse(await readFile(`${file}.previous`, 'utf8')), record);
    assert.deepEqual((await readdir(folder.file('deep/folder'))).sort(), ['session.json', 'session.json.previous']);
  });

  it('makes files of mode 0600 in a folder of mode 0700', notOnWindows('Windows has no file modes'), async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('deep/session.json');
    const store = fileStore(file);
    await store.write(record);
    await store.write(second);
    for (const path of [file, `${file}.previous`]) assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(folder.file('deep'))).mode & 0o777, 0o700);
  });

  it('reads a file with a byte order mark, which some editors add', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await writeFile(file, `\ufeff${JSON.stringify(record)}`);
    assert.deepEqual(await fileStore(file).read(), record);
  });

  it('deletes all its files in clear()', async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.file('session.json'));
    await store.write(record);
    await store.write(second);
    await writeFile(folder.file('session.json.killed.tmp'), 'a token of a process that was killed');
    await store.clear();
    await store.clear();
    assert.deepEqual(await readdir(folder.path), []);
  });

  it('removes temporary files of a killed process, but not those of a current write', async () => {
    await using folder = await temporaryFolder();
    const [old, fresh] = [folder.file('session.json.old.tmp'), folder.file('session.json.new.tmp')];
    await writeFile(old, '');
    await writeFile(fresh, '');
    await utimes(old, new Date(0), new Date(0));
    await fileStore(folder.file('session.json')).write(record);
    assert.deepEqual((await readdir(folder.path)).sort(), ['session.json', 'session.json.new.tmp']);
  });

  for (const [title, content, problem] of [
    ['an empty file', '', 'it is not JSON'],
    ['a truncated file', JSON.stringify(record).slice(0, 60), 'it is not JSON'],
    ['other JSON', '{"hello":"world"}', 'version is missing'],
    [
      'a token of the wrong type',
      JSON.stringify({ ...record, tokens: { ...record.tokens, accessToken: 7 } }),
      'tokens.accessToken must be string',
    ],
    [
      'times that are not numbers',
      JSON.stringify({ ...record, tokens: { ...record.tokens, issuedAt: 'now' } }),
      'tokens.issuedAt must be number',
    ],
    ['binary junk', '\u0000\u0001\u0002', 'it is not JSON'],
  ] as const) {
    it(`sets ${title} aside unchanged and falls back to the previous generation`, async () => {
      await using folder = await temporaryFolder();
      const file = folder.file('session.json');
      const store = fileStore(file);
      await store.write(record);
      await store.write(second);
      await writeFile(file, content);
      const message = new RegExp(`is damaged: ${problem}.* set aside`);
      await assert.rejects(store.read(), { code: 'store', setting: 'store', message });
      const aside = (await readdir(folder.path)).find((name) => name.includes('.corrupt-'));
      assert.equal(await readFile(folder.file(aside ?? ''), 'utf8'), content);
      assert.deepEqual(await store.read(), record);
    });
  }

  it('keeps a record of a newer version and reports that this program must be updated', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    const store = fileStore(file);
    await store.write(record);
    const newer = JSON.stringify({ ...record, version: 3, sealed: true });
    await writeFile(file, newer);
    await assert.rejects(store.read(), {
      code: 'store',
      setting: 'store.version',
      retryable: false,
      message: /record version 3.*Update Partner Auth in this program/,
    });
    await assert.rejects(openSession({ partner: 'bizmail', baseUrl: 'https://partner.example', store }), {
      setting: 'store.version',
    });
    assert.equal(await readFile(file, 'utf8'), newer);
    assert.deepEqual(await readdir(folder.path), ['session.json']);
  });

  it('makes openSession fail once for a damaged file, and then start signed out', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await writeFile(file, 'junk');
    const options = { partner: 'bizmail', baseUrl: 'https://partner.example', store: fileStore(file) } as const;
    await assert.rejects(openSession(options), { code: 'store', message: /sign in again/ });
    await using session = await openSession(options);
    assert.equal(session.status.phase, 'signedOut');
  });

  it('refuses the session of another partner, origin or partner code and keeps it', async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.file('session.json'));
    await store.write(record);
    for (const options of [
      { partner: 'cloudreve', baseUrl: 'https://partner.example' },
      { partner: 'bizmail', baseUrl: 'https://other.example' },
      { partner: 'bizmail', baseUrl: 'https://partner.example', partnerCode: 'X' },
    ] as const) {
      await assert.rejects(openSession({ ...options, store }), { code: 'store', retryable: false });
    }
    assert.deepEqual(await store.read(), record);
  });

  it('reports that its file cannot be read or written', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await mkdir(file);
    await assert.rejects(fileStore(file).read(), { code: 'store', message: /could not be read \(EISDIR\)/ });
    await assert.rejects(fileStore(file).write(record), { code: 'store', message: /could not be written/ });
    await writeFile(folder.file('plain'), '');
    await assert.rejects(fileStore(folder.file('plain/session.json')).write(record), { code: 'store' });
    assert.throws(() => fileStore(''), TypeError);
  });

  it('keeps a session in memory while its file is damaged, and writes it back', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await withSession({ session: { store: fileStore(file) } }, async ({ session, sandbox, store }) => {
      await writeFile(file, 'junk');
      await session.refresh();
      assert.equal((await readSession(store)).tokens.accessToken, sandbox.tokens('tconnect')?.accessToken);
    });
  });

  it('does not treat a damaged file that was set aside as a sign-out', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await withSession({ session: { store: fileStore(file) } }, async ({ session, store }) => {
      const before = await store.read();
      await writeFile(file, 'junk');
      // The session may have repaired it already.
      await store.read().catch(() => undefined);
      assert.equal(session.status.phase, 'valid');
      await session.close();
      assert.deepEqual(await store.read(), before);
    });
  });

  it('does not treat a deleted file as a sign-out', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await withSession({ session: { store: fileStore(file) } }, async ({ session, sandbox, store }) => {
      await rm(file);
      await session.refresh();
      assert.equal((await readSession(store)).tokens.accessToken, sandbox.tokens('tconnect')?.accessToken);
    });
  });

  it('keeps no token after a sign-out', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await withSession({ session: { store: fileStore(file) } }, async ({ session }) => {
      await session.refresh();
      await session.signOut();
      assert.deepEqual(await readdir(folder.path), ['session.json']);
      assert.deepEqual(Object.keys(JSON.parse(await readFile(file, 'utf8')) as object), ['version', 'signedOutAt']);
    });
  });

  it('saves tokens on close() that could not be saved before', async () => {
    await withSession({}, async ({ session, sandbox, store }) => {
      const { write } = store;
      store.write = (record) =>
        'tokens' in record && record.intent === undefined ? Promise.reject(new Error('ENOSPC')) : write(record);
      await assert.rejects(session.refresh(), { code: 'store' });
      store.write = write;
      await session.close();
      assert.equal((await readSession(store)).tokens.accessToken, sandbox.tokens('tconnect')?.accessToken);
    });
  });

  it('keeps its newer session if the file is restored from a backup', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    await withSession({ session: { store: fileStore(file) } }, async ({ session, store }) => {
      const backup = await readFile(file);
      await session.refresh();
      await session.refresh();
      await replaceFile(file, backup);
      await session.refresh();
      assert.equal((await readSession(store)).generation, 4);
    });
  });

  it('notifies a session of a login and a sign-out in another process', async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.file('session.json'));
    await withSession({ session: { store }, signedIn: false }, async ({ session, sibling, credentials }) => {
      const signedIn = waitForPhase(session, 'valid');
      const other = await sibling();
      await other.login(credentials);
      await signedIn;
      assert.equal(await session.accessToken(), await other.accessToken());
      const signedOut = waitForPhase(session, 'signedOut');
      await other.signOut();
      await signedOut;
    });
  });
});

function waitForPhase(
  session: Parameters<Parameters<typeof withSession>[1]>[0]['session'],
  expected: string,
): Promise<void> {
  return new Promise((resolve) => {
    session.on('change', (status) => {
      if (status.phase === expected) resolve();
    });
  });
}
