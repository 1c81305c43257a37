import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  openProfileStore,
  parseProfiles,
  SessionPool,
  type CheckedProfile,
  type ProfileStore,
  type SecretRecord,
} from '../../../core/profiles/index.ts';
import { silentLogger } from '../../../core/lib/logger.ts';
import { startSandbox, type Sandbox } from '../../../core/sandbox/index.ts';
import { fakeSecretStore, type FakeSecretStore } from '../../helpers/fake-secret-store.ts';
import { manualClock, type ManualClock } from '../../helpers/manual-clock.ts';
import { profileOf } from '../../helpers/profile-of.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

interface Fixture {
  readonly pool: SessionPool;
  readonly profile: CheckedProfile;
  readonly sandbox: Sandbox;
  readonly key: string;
  readonly material: { readonly key: string; readonly iv: string };
  readonly credentials: Readonly<Record<string, string>>;
  readonly secrets: FakeSecretStore;
  readonly clock: ManualClock;
  /** The number of open sessions, each of which is subscribed to the store. */
  openSessions(): number;
  profileAt(baseUrl: string): CheckedProfile;
  /** What the pool reads from the settings. */
  readonly settings: { refreshMargin: number; autoRefresh: boolean };
  readonly logLines: readonly string[];
}

const same = (record: SecretRecord): SecretRecord => record;

async function withPool(test: (fixture: Fixture) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  const clock = manualClock();
  await using sandbox = await startSandbox({ clock: clock.now });
  const nothing = (): undefined => undefined;
  const logLines: string[] = [];
  const log = { debug: nothing, info: (line: string) => void logLines.push(line), warn: nothing, error: nothing };
  const settings = { refreshMargin: 300, autoRefresh: false };
  const secrets = fakeSecretStore();
  let subscriptions = 0;
  // The pool itself has one subscription; every further one belongs to a session.
  const withCounter = (store: ProfileStore): ProfileStore => {
    const { onDidChange, forSignIn } = store;
    const watched: typeof onDidChange = (listener) => {
      subscriptions++;
      const stop = onDidChange(listener);
      return () => {
        subscriptions--;
        stop();
      };
    };
    return Object.assign(store, {
      onDidChange: watched,
      forSignIn: (change: Parameters<typeof forSignIn>[0]) => ({ ...forSignIn(change), onDidChange: watched }),
    });
  };
  const pool = new SessionPool({
    openStore: async (profile) =>
      withCounter(
        await openProfileStore(profile, { secrets, folder: folder.path, log, secretsAreVolatile: () => false }),
      ),
    readFile: () => Promise.reject(new Error('The fixture has no files.')),
    log,
    autoRefresh: () => settings.autoRefresh,
    refreshMargin: () => settings.refreshMargin,
    clock,
    globalAgent: false,
  });
  const profileAt = (baseUrl: string): CheckedProfile => {
    const [profile] = parseProfiles([{ ...profileOf(sandbox, 'tconnect'), baseUrl }]).profiles;
    assert.ok(profile);
    return profile;
  };
  const { key, iv } = sandbox.profiles.tconnect.cipher as { key: string; iv: { value: string } };
  const profile = profileAt(sandbox.url);
  await (await pool.store(profile)).update((record) => ({ ...record, key, iv: iv.value }));
  try {
    const credentials = { ...sandbox.profiles.tconnect.credentials };
    const material = { key, iv: iv.value };
    await test({
      pool,
      profile,
      sandbox,
      key,
      material,
      credentials,
      clock,
      secrets,
      openSessions: () => subscriptions - 1,
      profileAt,
      settings,
      logLines,
    });
  } finally {
    await pool.close();
    assert.equal(subscriptions, 0, 'every session is closed');
  }
}

describe('SessionPool.probe', () => {
  it('reports a CA file that cannot be read, and calls no server', async () => {
    const pool = new SessionPool({
      openStore: () => Promise.reject(new Error('not used')),
      readFile: () => Promise.reject(new Error('ENOENT')),
      log: silentLogger,
      autoRefresh: () => false,
      refreshMargin: () => 300,
      globalAgent: false,
    });
    const connection = { partner: 'bizmail', baseUrl: 'https://mail.example' } as const;
    const [profile] = parseProfiles([{ ...connection, id: 'mail', label: 'Mail', caFile: '/missing.pem' }]).profiles;
    const result = await pool.probe(connection, new AbortController().signal, profile);
    assert.ok(result.kind === 'failed');
    assert.deepEqual([result.url, result.error.setting], ['https://mail.example', 'caFile']);
    await pool.close();
  });
});

describe('the pool of sessions', () => {
  it('opens one session for 20 concurrent callers', () =>
    withPool(async ({ pool, profile, openSessions }) => {
      const sessions = await Promise.all(Array.from({ length: 20 }, () => pool.open(profile)));
      assert.equal(new Set(sessions).size, 1);
      assert.equal(openSessions(), 1);
    }));

  it('leaves no extra session open when open() is called while another session is closing', () =>
    withPool(async ({ pool, profile, openSessions }) => {
      const opened = await pool.open(profile);
      const [, again] = await Promise.all([pool.release(profile), pool.open(profile)]);
      assert.notEqual(again, opened);
      assert.equal(openSessions(), 1);
      await assert.rejects(opened.accessToken(), { code: 'closed' });
      await assert.rejects(again.accessToken(), { code: 'signedOut' });
    }));

  it('replaces the session once a sign-in has succeeded, and not before', () =>
    withPool(async ({ pool, profile, material, credentials, openSessions }) => {
      const before = await pool.open(profile);
      const unsaved = await pool.signIn(profile, material, same, async (session) => {
        assert.equal(await pool.open(profile), before);
        await session.login(credentials);
        assert.equal(openSessions(), 2);
      });
      assert.equal(unsaved, undefined);
      assert.notEqual(await pool.open(profile), before);
      await assert.rejects(before.accessToken(), { code: 'closed' });
      assert.equal(openSessions(), 1);
    }));

  it('closes the session of a sign-in that failed, and keeps the one that was open before', () =>
    withPool(async ({ pool, profile, material, credentials, openSessions }) => {
      await pool.signIn(profile, material, same, (session) => session.login(credentials));
      const before = await pool.open(profile);
      const wrong = { ...material, key: '1'.repeat(64) };
      await assert.rejects(pool.signIn(profile, wrong, same, (session) => session.login(credentials)));
      assert.equal(await pool.open(profile), before);
      assert.equal(openSessions(), 1);
      await before.refresh();
    }));

  it('keeps a session whose sign-in could not be saved, and reports that it lasts for this process only', () =>
    withPool(async ({ pool, profile, material, credentials, secrets, openSessions }) => {
      secrets.failing.add('set');
      const unsaved = await pool.signIn(profile, material, same, (session) => session.login(credentials));
      assert.equal(unsaved?.code, 'store');
      assert.equal(unsaved.setting, 'keyring.write');
      assert.equal(pool.status(profile).storage, 'windowOnly');
      assert.equal(pool.status(profile).phase, 'valid');
      const session = await pool.open(profile);
      assert.ok(await session.accessToken());
      const tries = [material, { ...material, key: '1'.repeat(64) }];
      const cancel = (): Promise<void> => Promise.reject(new Error('cancelled'));
      for (const next of tries)
        await assert.rejects(pool.signIn(profile, next, same, cancel), { message: 'cancelled' });
      assert.equal(await pool.open(profile), session);
      assert.equal(openSessions(), 1);

      secrets.failing.clear();
      await session.refresh();
      assert.equal(pool.status(profile).storage, 'kept');
    }));

  it('keeps reporting an unsaved session after another error', () =>
    withPool(async ({ pool, profile, sandbox, material, credentials, secrets }) => {
      secrets.failing.add('set');
      await pool.signIn(profile, material, same, (session) => session.login(credentials));
      sandbox.fail({ status: 503 }, { call: 'refresh', times: Infinity });
      await assert.rejects((await pool.open(profile)).refresh(), { code: 'partnerUnavailable' });
      assert.equal(pool.status(profile).storage, 'windowOnly');
    }));

  it('closes the session of a sign-in whose profile changes meanwhile', () =>
    withPool(async ({ pool, profile, material, openSessions, profileAt, sandbox }) => {
      const moved = profileAt(`${sandbox.url}/elsewhere`);
      await assert.rejects(
        pool.signIn(profile, material, same, async (session) => {
          await pool.keepOnly([moved]);
          await session.login({});
        }),
        { code: 'closed' },
      );
      await pool.open(moved);
      assert.equal(openSessions(), 1);
    }));

  it('closes the session of a profile whose base URL has changed before it opens the next one', () =>
    withPool(async ({ pool, profile, sandbox, openSessions, profileAt }) => {
      const before = await pool.open(profile);
      const moved = profileAt(`${sandbox.url}/elsewhere`);
      const [after] = await Promise.all([pool.open(moved), pool.keepOnly([moved])]);
      assert.notEqual(after, before);
      await assert.rejects(before.refresh(), { code: 'closed' });
      assert.equal(openSessions(), 1);
    }));

  it('retries after a session could not be opened', () =>
    withPool(async ({ pool, profile, key }) => {
      const store = await pool.store(profile);
      await store.update(({ key: _, ...record }) => record);
      await assert.rejects(pool.open(profile), { code: 'configuration', setting: 'cipher.key' });
      await store.update((record) => ({ ...record, key }));
      await pool.open(profile);
    }));

  it('notifies at the deadlines of a session that is not open', () =>
    withPool(async ({ pool, profile, clock, credentials }) => {
      await (await pool.open(profile)).login(credentials);
      await pool.release(profile);
      const { accessExpiresAt = 0, refreshExpiresAt = 0 } = pool.status(profile);
      const seen: string[] = [];
      pool.onDidChange(() => seen.push(`${clock.now()} ${pool.status(profile).phase}`));
      clock.advance(accessExpiresAt - 300_000 - clock.now());
      clock.advance(300_000);
      clock.advance(refreshExpiresAt - accessExpiresAt);
      assert.deepEqual(seen, [
        `${accessExpiresAt - 300_000} due`,
        `${accessExpiresAt} expired`,
        `${refreshExpiresAt} ended`,
      ]);
    }));

  it('stops its timer when closed', () =>
    withPool(async ({ pool, profile, clock, credentials }) => {
      await (await pool.open(profile)).login(credentials);
      await pool.release(profile);
      assert.equal(clock.timers, 1);
      await pool.close();
      assert.equal(clock.timers, 0);
    }));

  it('knows whether tokens come from a sign-in or from a refresh', () =>
    withPool(async ({ pool, profile, credentials }) => {
      const session = await pool.open(profile);
      assert.equal(pool.status(profile).issuedBy, undefined);
      await session.login(credentials);
      assert.equal(pool.status(profile).issuedBy, 'signIn');
      await session.refresh();
      assert.equal(pool.status(profile).issuedBy, 'refresh');
      await pool.release(profile);
      assert.equal(pool.status(profile).issuedBy, 'refresh');
      await (await pool.open(profile)).login(credentials);
      assert.equal(pool.status(profile).issuedBy, 'signIn');
    }));

  it('reports in the status why a session could not be opened, until it can be', () =>
    withPool(async ({ pool, profile, key, credentials }) => {
      await (await pool.open(profile)).login(credentials);
      await pool.release(profile);
      const store = await pool.store(profile);
      await store.update(({ key: _, ...record }) => record);
      let changes = 0;
      pool.onDidChange(() => changes++);
      await assert.rejects(pool.open(profile), { code: 'configuration' });
      assert.equal(pool.status(profile).lastError?.setting, 'cipher.key');
      assert.ok(changes > 0);
      await store.update((record) => ({ ...record, key }));
      await pool.open(profile);
      assert.equal(pool.status(profile).lastError, undefined);
    }));

  it('opens no session after close()', () =>
    withPool(async ({ pool, profile }) => {
      const session = await pool.open(profile);
      await Promise.all([pool.close(), assert.rejects(pool.open(profile), { code: 'closed' })]);
      await assert.rejects(session.accessToken(), { code: 'closed' });
    }));

  it('applies changed settings to the open sessions, and to what is known of the others', () =>
    withPool(async ({ pool, profile, sandbox, settings }) => {
      await (await pool.open(profile)).login({ ...sandbox.profiles.tconnect.credentials });
      await pool.release(profile);
      const store = await pool.store(profile);
      const hour = 3_600_000;
      const record = await store.read();
      assert.ok(record !== undefined && !('signedOutAt' in record));
      const tokens = {
        ...record.tokens,
        issuedAt: record.tokens.issuedAt - 6 * hour,
        accessExpiresAt: record.tokens.issuedAt + 4 * hour,
      };
      await store.lock(() => store.write({ ...record, tokens }));
      const phases: string[] = [];
      pool.onDidChange(() => phases.push(pool.status(profile).phase));
      const changeMargin = (refreshMargin: number): string | undefined => {
        settings.refreshMargin = refreshMargin;
        pool.applySettings();
        return phases.at(-1);
      };
      assert.deepEqual([changeMargin(86_400), changeMargin(300)], ['due', 'valid'], 'as the summary says');
      const session = await pool.open(profile);
      assert.deepEqual([changeMargin(86_400), changeMargin(300)], ['due', 'valid']);
      assert.equal(await pool.open(profile), session, 'it stays open');
    }));

  it('applies settings that change while a session is being opened', () =>
    withPool(async ({ pool, profile, sandbox, settings }) => {
      await (await pool.open(profile)).login({ ...sandbox.profiles.tconnect.credentials });
      await pool.release(profile);
      const store = await pool.store(profile);
      const { read } = store;
      const margins: number[] = [];
      store.read = async () => {
        margins.push(settings.refreshMargin);
        settings.refreshMargin = -1;
        return read();
      };
      await assert.rejects(pool.open(profile), { setting: 'refreshMargin' });
      assert.equal(margins[0], 300);
    }));

  it('logs under the current name of a profile', () =>
    withPool(async ({ pool, profile, sandbox, logLines }) => {
      const session = await pool.open(profile);
      await pool.store({ ...profile, label: 'Renamed' });
      await session.login({ ...sandbox.profiles.tconnect.credentials });
      assert.equal(logLines.at(-1), 'Renamed: Signed in.');
    }));
});
