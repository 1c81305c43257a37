import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { StoredSession } from '../../../core/index.ts';
import { openProfileStore, parseProfiles, storedProfiles, type ProfileStore } from '../../../core/profiles/index.ts';
import { fakeSecretStore, type FakeSecretStore } from '../../helpers/fake-secret-store.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const origin = 'https://acme.example';
const [profile] = parseProfiles([{ id: 'acme', label: 'ACME', partner: 'bizmail', baseUrl: origin }]).profiles;
const session: StoredSession = {
  version: 1,
  sessionId: 's1',
  generation: 1,
  partner: 'bizmail',
  origin,
  account: 'ann@example.com',
  tokens: { accessToken: 'ACCESS-1', refreshToken: 'REFRESH-1', issuedAt: Date.now() },
};

interface Fixture {
  readonly secrets: FakeSecretStore;
  readonly folder: string;
  readonly lines: readonly string[];
  /** Opens the store as another window would. */
  open(options?: { secrets?: FakeSecretStore; secretsAreVolatile?: boolean }): Promise<ProfileStore>;
}

async function withStores(test: (fixture: Fixture) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  const secrets = fakeSecretStore();
  const lines: string[] = [];
  const stores: ProfileStore[] = [];
  const line = (text: string): void => void lines.push(text);
  assert.ok(profile);
  try {
    await test({
      secrets,
      folder: folder.path,
      lines,
      async open(options = {}) {
        const store = await openProfileStore(profile, {
          secrets: options.secrets ?? secrets,
          folder: folder.path,
          log: { debug: line, info: line, warn: line, error: line },
          secretsAreVolatile: () => options.secretsAreVolatile ?? false,
        });
        stores.push(store);
        return store;
      },
    });
  } finally {
    for (const store of stores) store.dispose();
  }
}

describe('the store of a profile', () => {
  it('keeps session, key and credentials in one secret record, and only a summary on disk', () =>
    withStores(async ({ secrets, folder, open }) => {
      const store = await open();
      await store.update((record) => ({ ...record, key: 'the key', credentials: { username: 'ann' } }));
      await store.write(session);
      assert.deepEqual(secrets.records().get('acme'), {
        version: 1,
        origin,
        key: 'the key',
        credentials: { username: 'ann' },
        session,
      });
      const files = await readdir(folder);
      assert.equal(files.length, 1);
      const text = await readFile(join(folder, String(files[0])), 'utf8');
      assert.doesNotMatch(text, /ACCESS|REFRESH|the key/);
      assert.equal(store.summary()?.account, 'ann@example.com');
      assert.equal(store.storage, 'kept');
    }));

  it('writes nothing when an update changes nothing', () =>
    withStores(async ({ secrets, open }) => {
      const store = await open();
      const names: string[] = [];
      secrets.onDidChange?.((name) => names.push(name));
      await store.update((record) => ({ ...record }));
      assert.deepEqual([...secrets.entries], []);
      await store.update((record) => ({ ...record, key: 'the key' }));
      await store.update((record) => ({ ...record, key: 'the key' }));
      assert.deepEqual(names, ['profile:acme']);
    }));

  it('applies the changes of a sign-in with its first token set only', () =>
    withStores(async ({ secrets, open }) => {
      const store = await open();
      await store.update((record) => ({ ...record, key: 'old key' }));
      let changes = 0;
      const view = store.forSignIn((record) => {
        changes++;
        return { ...record, key: 'new key' };
      });
      await view.write({ version: 1, signedOutAt: 1 });
      assert.equal(secrets.records().get('acme')?.key, 'old key');
      await view.write(session);
      assert.equal(secrets.records().get('acme')?.key, 'new key');
      await store.update((record) => ({ ...record, key: 'changed since' }));
      await view.write({ ...session, generation: 2 });
      assert.equal(secrets.records().get('acme')?.key, 'changed since');
      assert.equal(changes, 1);
    }));

  it('keeps its key while a sign-in writes to the session before it, as the attempt with an adopted token does', () =>
    withStores(async ({ secrets, open }) => {
      const store = await open();
      await store.update((record) => ({ ...record, key: 'old key' }));
      await store.write(session);
      const view = store.forSignIn((record) => ({ ...record, key: 'new key' }));
      await view.write({ ...session, adoption: { at: 1, token: 'of another program' } });
      await view.write(session);
      assert.equal(secrets.records().get('acme')?.key, 'old key');
      await view.write({ ...session, sessionId: 'another' });
      assert.equal(secrets.records().get('acme')?.key, 'new key');
    }));

  it('is not changed by a sign-in without a token set', () =>
    withStores(async ({ secrets, open }) => {
      const store = await open();
      await store.update((record) => ({ ...record, key: 'old key' }));
      store.forSignIn((record) => ({ ...record, key: 'new key' }));
      await store.write(session);
      assert.equal(secrets.records().get('acme')?.key, 'old key');
    }));

  it('reads a record that was deleted after a sign-out as a sign-out, so that no window writes its session back', () =>
    withStores(async ({ secrets, open }) => {
      const store = await open();
      const other = await open();
      await store.write(session);
      await store.write({ version: 1, signedOutAt: Date.now() });
      await secrets.delete('profile:acme');
      const read = await other.read();
      assert.ok(read !== undefined && 'signedOutAt' in read);
      assert.equal(other.storage, 'kept');
    }));

  it('lists the profiles that have secrets, without reading them', () =>
    withStores(async ({ secrets, folder }) => {
      await secrets.set('profile:acme', 'unread');
      await secrets.set('profile:acme:damaged', 'unread');
      await secrets.set('profile:gone:damaged', 'unread');
      await secrets.set('sandbox', 'unread');
      const reads: string[] = [];
      const get = (name: string): Promise<undefined> => Promise.resolve(void reads.push(name));
      assert.deepEqual(await storedProfiles({ secrets: { ...secrets, get }, folder }).ids(), ['acme', 'gone']);
      assert.deepEqual(reads, []);
    }));

  it('returns no secrets of another origin', () =>
    withStores(async ({ secrets, open }) => {
      const store = await open();
      await secrets.set(
        'profile:acme',
        JSON.stringify({ version: 1, origin: 'https://other.example', key: 'k', session }),
      );
      assert.equal(await store.read(), undefined);
      assert.equal(await store.secrets(), undefined);
    }));

  it('sets a damaged record aside unchanged, and logs it', () =>
    withStores(async ({ secrets, lines, open }) => {
      const store = await open();
      await secrets.set('profile:acme', '{"version":1,"ori');
      assert.equal(await store.read(), undefined);
      assert.equal(secrets.entries.get('profile:acme:damaged'), '{"version":1,"ori');
      assert.match(lines.join(), /ACME: the stored record is damaged \(it is not JSON\) and was set aside/);
    }));

  const newer = [
    ['the record', { version: 2, origin, vault: { sealed: 'x' } }],
    ['its session', { version: 1, origin, key: 'k', session: { version: 2, sealed: 'x' } }],
  ] as const;
  for (const [what, record] of newer) {
    it(`neither moves nor overwrites data of a newer version: ${what}`, () =>
      withStores(async ({ secrets, open }) => {
        const store = await open();
        const text = JSON.stringify(record);
        await secrets.set('profile:acme', text);
        const expected = { code: 'store', setting: 'store.version', message: /record version 2.*Update Partner Auth/ };
        await assert.rejects(store.read(), expected);
        await assert.rejects(store.secrets(), expected);
        await assert.rejects(store.write(session), expected);
        await assert.rejects(
          store.update((given) => ({ ...given, key: 'mine' })),
          expected,
        );
        assert.deepEqual([...secrets.entries], [['profile:acme', text]]);
      }));

    it(`replaces a session with a sign-out even if a newer version wrote ${what}`, () =>
      withStores(async ({ secrets, open }) => {
        const store = await open();
        await secrets.set('profile:acme', JSON.stringify(record));
        await store.clear();
        await store.write({ version: 1, signedOutAt: 7 });
        const { session: _, ...kept } = { session: undefined, ...record };
        assert.deepEqual(JSON.parse(secrets.entries.get('profile:acme') ?? ''), {
          ...kept,
          session: { version: 1, signedOutAt: 7 },
        });
      }));
  }

  it('preserves unknown fields', () =>
    withStores(async ({ secrets, open }) => {
      const store = await open();
      await secrets.set('profile:acme', JSON.stringify({ version: 1, origin, later: { kept: true } }));
      await store.write({ ...session, later: 'kept too' } as StoredSession);
      assert.deepEqual(secrets.records().get('acme'), {
        version: 1,
        origin,
        later: { kept: true },
        session: { ...session, later: 'kept too' },
      });
    }));

  it('detects a sign-out in another window that does not share its secrets', () =>
    withStores(async ({ open }) => {
      const otherSecrets = fakeSecretStore();
      const [mine, theirs] = [await open(), await open({ secrets: otherSecrets })];
      await mine.write(session);
      await theirs.write({ version: 1, signedOutAt: Date.now() });
      const read = await mine.read();
      assert.ok(read !== undefined && 'signedOutAt' in read);
    }));

  it('reports newer tokens in another window that does not share its secrets', () =>
    withStores(async ({ open }) => {
      const otherSecrets = fakeSecretStore();
      const [mine, theirs] = [await open(), await open({ secrets: otherSecrets })];
      await mine.write(session);
      await theirs.write({ ...session, generation: 2 });
      await assert.rejects(mine.read(), { code: 'store', setting: 'window', retryable: false });
      assert.equal(mine.storage, 'behind');
    }));

  describe('in windows with isolated secrets', () => {
    const next = { ...session, generation: 2, tokens: { ...session.tokens, accessToken: 'ACCESS-2' } };
    const isolated = (copy?: FakeSecretStore): FakeSecretStore =>
      fakeSecretStore({ isIsolatedCopyOf: copy ?? fakeSecretStore() });

    it('passes on a newer token set to the windows that have the session, encrypted', () =>
      withStores(async ({ folder, open }) => {
        const mySecrets = isolated();
        const mine = await open({ secrets: mySecrets });
        await mine.update((record) => ({ ...record, key: 'the key' }));
        await mine.write(session);
        const theirs = await open({ secrets: isolated(mySecrets) });
        await mine.write(next);
        assert.deepEqual(await theirs.read(), next);
        assert.equal((await theirs.secrets())?.key, 'the key');
        assert.equal(theirs.storage, 'kept');
        await theirs.write({ ...next, generation: 3 });
        assert.deepEqual(await mine.read(), { ...next, generation: 3 });
        for (const name of await readdir(folder))
          assert.doesNotMatch(await readFile(join(folder, name), 'latin1'), /ACCESS|REFRESH|the key/, name);
      }));

    it('restores the newest token set after another window has overwritten it with its own copy', () =>
      withStores(async ({ open }) => {
        const mySecrets = isolated();
        const mine = await open({ secrets: mySecrets });
        await mine.write(session);
        const stale = isolated(mySecrets);
        await mine.write(next);
        assert.deepEqual(await (await open({ secrets: isolated(stale) })).read(), next);
      }));

    it('keeps the intent of a refresh in another window', () =>
      withStores(async ({ open }) => {
        const mySecrets = isolated();
        const mine = await open({ secrets: mySecrets });
        await mine.write(session);
        const theirs = await open({ secrets: isolated(mySecrets) });
        await mine.write({ ...session, intent: { at: 7 } });
        assert.deepEqual(await theirs.read(), { ...session, intent: { at: 7 } });
      }));

    it('asks a window that does not have the session to be reloaded', () =>
      withStores(async ({ open }) => {
        const mySecrets = isolated();
        const mine = await open({ secrets: mySecrets });
        const older = await open({ secrets: isolated(mySecrets) });
        await mine.write(session);
        await assert.rejects(older.read(), { code: 'store', setting: 'window' });
        assert.equal(older.storage, 'behind');
        const reloaded = await open({ secrets: isolated(mySecrets) });
        assert.deepEqual(await reloaded.read(), session);
        await mine.write(next);
        assert.deepEqual(await reloaded.read(), next);
        assert.equal(reloaded.storage, 'kept');
      }));

    it('does not bring back an older session, nor one after a sign-out', () =>
      withStores(async ({ folder, open }) => {
        const mySecrets = isolated();
        const mine = await open({ secrets: mySecrets });
        await mine.write(session);
        const theirs = await open({ secrets: isolated(mySecrets) });
        const other = {
          ...session,
          sessionId: 's2',
          tokens: { ...session.tokens, issuedAt: session.tokens.issuedAt + 1 },
        };
        await theirs.write(other);
        assert.deepEqual(await theirs.read(), other);
        await assert.rejects(mine.read(), { code: 'store', setting: 'window' });
        await theirs.write({ version: 1, signedOutAt: Date.now() });
        assert.ok('signedOutAt' in ((await mine.read()) ?? {}));
        assert.equal((await readdir(folder)).length, 1, 'the encrypted copy is deleted');
      }));

    it('does not restore what the secrets of the same window have lost', () =>
      withStores(async ({ open }) => {
        const mySecrets = isolated();
        await (await open({ secrets: mySecrets })).write(session);
        const old = mySecrets.entries.get('profile:acme') ?? '';
        await (await open({ secrets: mySecrets })).write(next);
        mySecrets.entries.set('profile:acme', old);
        await assert.rejects((await open({ secrets: mySecrets })).read(), { code: 'store', setting: 'window' });
      }));

    it('ignores a copy that is damaged or from another session', () =>
      withStores(async ({ folder, open }) => {
        const store = await open({ secrets: isolated() });
        await store.write(session);
        const copy = (await readdir(folder)).find((name) => name.endsWith('.relay')) ?? '';
        for (const content of ['', 'x', 'x'.repeat(500)]) {
          await writeFile(join(folder, copy), content);
          assert.deepEqual(await store.read(), session);
        }
      }));
  });

  it('writes no copy of a session where windows share their secrets', () =>
    withStores(async ({ folder, secrets, open }) => {
      await (await open()).write(session);
      assert.deepEqual([(await readdir(folder)).length, secrets.records().get('acme')?.relayKey], [1, undefined]);
    }));

  it('drops the summary when volatile secrets are lost', () =>
    withStores(async ({ secrets, open }) => {
      const store = await open({ secretsAreVolatile: true });
      await store.write(session);
      secrets.entries.clear();
      assert.equal(await store.read(), undefined);
      assert.deepEqual([store.storage, store.summary()], ['windowOnly', undefined]);
    }));

  it('deletes everything in forget()', () =>
    withStores(async ({ secrets, folder, open }) => {
      const store = await open();
      await store.write(session);
      await store.forget();
      assert.deepEqual([...secrets.entries], []);
      assert.deepEqual(await readdir(folder), []);
    }));

  it('opens even if its folder cannot be created, and rejects writes', async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.file('state'), 'not a folder');
    await mkdir(folder.file('other'));
    const lines: string[] = [];
    const nothing = (): undefined => undefined;
    assert.ok(profile);
    const store = await openProfileStore(profile, {
      secrets: fakeSecretStore(),
      folder: folder.file('state/sessions'),
      log: { debug: nothing, info: nothing, warn: nothing, error: (line) => void lines.push(line) },
      secretsAreVolatile: () => false,
    });
    assert.equal(store.summary(), undefined);
    assert.equal(await store.read(), undefined);
    await assert.rejects(
      store.update((record) => record),
      {
        code: 'store',
        message: /The lock file .*state[\\/]sessions[\\/].* could not be created \((?:ENOTDIR|ENOENT)\)/,
      },
    );
    assert.match(lines.join(), /The folder .*state[\\/]sessions could not be created/);
    store.dispose();
  });
});
