import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  sessionProvider,
  type SessionChanges,
  type SessionProvider,
} from '../../../extension/commands/provide-sessions.ts';
import { signIn } from '../../../extension/commands/sign-in.ts';
import { signOut } from '../../../extension/commands/sign-out.ts';
import { openProfileStore, type Profile, type ProfileStatus, type ProfileStore } from '../../../core/profiles/index.ts';
import type { StoredSession } from '../../../core/index.ts';
import { cancel } from '../../helpers/fake-app.ts';
import { withApp, type AppFixture, type AppFixtureOptions } from '../../helpers/with-app.ts';

interface Fixture extends AppFixture {
  readonly provider: SessionProvider;
  readonly changes: readonly SessionChanges[];
  /** The label of the account with this name. */
  label(name?: string): string;
  /** The access token that the partner has issued last. */
  token(): string | undefined;
}

async function withProvider(options: AppFixtureOptions, test: (fixture: Fixture) => Promise<void>): Promise<void> {
  await withApp({ partner: 'bizmail', ...options }, async (app) => {
    const changes: SessionChanges[] = [];
    const provider = sessionProvider(app.fake.app, (change) => changes.push(change));
    const { connection, sandbox } = app;
    try {
      await provider.getSessions(undefined);
      await test({
        ...app,
        provider,
        changes,
        label: (name = connection.credentials.username) =>
          `${name ?? ''} – ${connection.profile.id} @ ${new URL(connection.profile.baseUrl).host}`,
        token: () => sandbox.tokens(options.partner ?? 'bizmail')?.accessToken,
      });
    } finally {
      provider.dispose();
    }
  });
}

const scopes = ['bizmail'];
const expired = 100_000;
const labelsOf = (list: readonly { readonly account: { readonly label: string } }[]): string[] =>
  list.map(({ account }) => account.label);

interface Clause {
  readonly options?: AppFixtureOptions;
  readonly holds: (fixture: Fixture) => Promise<void>;
}

/** The contract of VS Code's `AuthenticationProvider`, one clause a row. */
const contract: Readonly<Record<string, Clause>> = {
  'getSessions without scopes lists every account, without a token or a request': {
    async holds({ provider, label, sandbox }) {
      const requests = sandbox.journal.length;
      const [session, ...others] = await provider.getSessions(undefined);
      assert.deepEqual([session?.account.label, session?.accessToken, others.length], [label(), '', 0]);
      assert.equal(sandbox.journal.length, requests);
    },
  },
  'getSessions with a profile id returns its session with the token': {
    async holds({ provider, label, token }) {
      const [session, ...others] = await provider.getSessions(scopes);
      assert.deepEqual(
        [session?.accessToken, session?.account.label, session?.scopes, others.length],
        [token(), label(), scopes, 0],
      );
    },
  },
  'getSessions returns nothing for scopes that no session has': {
    async holds({ provider }) {
      for (const others of [['live'], ['bizmail', 'live'], ['']])
        assert.deepEqual(await provider.getSessions(others), []);
    },
  },
  'getSessions returns nothing when signed out, and prompts for nothing': {
    options: { signedIn: false },
    async holds({ provider, fake }) {
      for (const wanted of [undefined, [], scopes]) assert.deepEqual(await provider.getSessions(wanted), []);
      assert.deepEqual(fake.steps, []);
    },
  },
  'getSessions returns the session of the requested account only': {
    async holds({ provider, label, token }) {
      const { account } = (await provider.getSessions(scopes))[0] ?? {};
      assert.ok(account);
      assert.equal((await provider.getSessions(scopes, account))[0]?.accessToken, token());
      assert.equal((await provider.getSessions(undefined, account)).length, 1);
      const others = ['bob', `${label()} – live @ 127.0.0.1`].map((name) => ({ ...account, label: label(name) }));
      for (const other of [...others, { id: account.id, label: account.label.replace('bizmail', 'live') }]) {
        assert.deepEqual(await provider.getSessions(scopes, other), []);
        assert.deepEqual(await provider.getSessions(undefined, other), []);
      }
    },
  },
  'getSessions refreshes a token that is due': {
    async holds({ provider, fake, profile, token }) {
      const before = token();
      await expire(fake, profile);
      const [session] = await provider.getSessions(scopes);
      assert.notEqual(session?.accessToken, before);
      assert.equal(session?.accessToken, token());
    },
  },
  'getSessions returns a token that is about to expire if the partner is unreachable': {
    options: { server: { accessLifetime: 30 } },
    async holds({ provider, sandbox, token }) {
      const last = token();
      await sandbox.close();
      assert.equal((await provider.getSessions(scopes))[0]?.accessToken, last);
    },
  },
  'getSessions rejects if the token has expired and the partner is unreachable, rather than report a sign-out': {
    async holds({ provider, sandbox, fake, profile }) {
      await expire(fake, profile);
      await sandbox.close();
      assert.equal((await provider.getSessions(undefined)).length, 1);
      for (const wanted of [scopes, []]) await assert.rejects(provider.getSessions(wanted), /could not be reached/);
      await assert.rejects(provider.getSessions(scopes), /could not be reached/);
    },
  },
  'getSessions rejects if the partner limits requests, and says so': {
    async holds({ provider, sandbox, fake, profile }) {
      await expire(fake, profile);
      sandbox.fail({ status: 429 }, { call: 'refresh', times: Infinity });
      await assert.rejects(provider.getSessions(scopes), /is limiting requests/);
    },
  },
  'getSessions rejects if the keyring cannot be read': {
    async holds({ provider, fake, profile }) {
      await fake.app.sessions.release(profile);
      fake.secretStore.failing.add('get');
      await assert.rejects(provider.getSessions(scopes), /the keyring of this machine could not be read/);
    },
  },
  'getSessions returns nothing if only a new sign-in helps, so that the platform offers one': {
    async holds({ provider, sandbox, fake, profile }) {
      await expire(fake, profile);
      sandbox.revoke('bizmail');
      assert.deepEqual(await provider.getSessions(scopes), []);
      assert.equal((await provider.getSessions(undefined)).length, 1);
    },
  },
  'createSession signs in, and resolves with the session': {
    options: { signedIn: false },
    async holds({ provider, token, label }) {
      const session = await provider.createSession(scopes);
      assert.deepEqual([session.accessToken, session.account.label, session.scopes], [token(), label(), scopes]);
    },
  },
  'createSession signs in again although there is a session: forceNewSession': {
    async holds({ provider, token, sandbox }) {
      const before = token();
      const logins = sandbox.journal.filter(({ call }) => call === 'login').length;
      const session = await provider.createSession(scopes);
      assert.equal(session.accessToken, token());
      assert.notEqual(session.accessToken, before);
      assert.equal(sandbox.journal.filter(({ call }) => call === 'login').length, logins + 1);
    },
  },
  'createSession signs in to the active profile without scopes': {
    options: { signedIn: false },
    async holds({ provider, label }) {
      assert.equal((await provider.createSession([])).account.label, label());
    },
  },
  'createSession prefills the requested account, and asks for its password': {
    options: { replies: ({ credentials }) => ({ remember: 'yes', username: credentials.username ?? '' }) },
    async holds({ provider, fake, label }) {
      const before = fake.steps.length;
      const session = await provider.createSession(scopes, { id: '', label: label('bob@example.com') });
      const shown = fake.steps.slice(before);
      assert.deepEqual(
        shown.map(({ step }) => step.id),
        ['username', 'password', 'remember'],
      );
      assert.equal(shown[0]?.step.value, 'bob@example.com');
      // The user has entered another account, about which VS Code asks: the labels differ.
      assert.equal(session.account.label, label());
    },
  },
  'createSession prompts for nothing if the requested account is remembered': {
    options: { replies: () => ({ remember: 'yes' }) },
    async holds({ provider, fake, label }) {
      const before = fake.steps.length;
      await provider.createSession(scopes, { id: '', label: label() });
      assert.equal(fake.steps.length, before);
    },
  },
  'createSession rejects an account of another profile or another server, and prompts for nothing': {
    async holds({ provider, fake, label }) {
      const before = fake.steps.length;
      for (const other of [label().replace('bizmail', 'live'), label().replace(/@ \S+$/, '@ partner.example')])
        await assert.rejects(
          provider.createSession(scopes, { id: '', label: other }),
          /not an account of the requested profile/,
        );
      assert.equal(fake.steps.length, before);
    },
  },
  'createSession rejects if there is no such profile': {
    async holds({ provider }) {
      for (const wanted of [['nobody'], ['bizmail', 'nobody']])
        await assert.rejects(provider.createSession(wanted), /There is no profile/);
    },
  },
  'createSession rejects if the user cancels, and the session stays': {
    options: { replies: ({ credentials }) => ({ password: [credentials.password ?? '', cancel] }) },
    async holds({ provider, token }) {
      await assert.rejects(provider.createSession(scopes), /was cancelled or failed/);
      assert.equal((await provider.getSessions(scopes))[0]?.accessToken, token());
    },
  },
  'createSession called twice at once signs in once': {
    options: { signedIn: false },
    async holds({ provider, sandbox, token }) {
      const [first, second] = await Promise.all([provider.createSession(scopes), provider.createSession(scopes)]);
      assert.deepEqual([first.accessToken, second.accessToken], [token(), token()]);
      assert.equal(sandbox.journal.filter(({ call }) => call === 'login').length, 1);
    },
  },
  'removeSession signs out': {
    async holds({ provider, fake, profile }) {
      const [session] = await provider.getSessions(undefined);
      await provider.removeSession(session?.id ?? '');
      assert.equal(fake.app.sessions.status(profile).phase, 'signedOut');
      assert.deepEqual(await provider.getSessions(undefined), []);
    },
  },
  'removeSession leaves other sessions than the one with this id': {
    async holds({ provider, fake, profile }) {
      const [session] = await provider.getSessions(undefined);
      for (const id of ['', profile.id, (session?.id ?? '').replace('bizmail', 'live')])
        await provider.removeSession(id);
      assert.equal(fake.app.sessions.status(profile).phase, 'valid');
    },
  },
  'no event is fired for the sessions that exist at the start': {
    async holds({ changes }) {
      assert.deepEqual(changes, []);
    },
  },
  'a session that existed at the start is reported as removed when another window signs out': {
    async holds({ fake, profile, changes, label }) {
      const tombstone = { version: 1, signedOutAt: Date.now() } as const;
      await writeInAnotherWindow(fake, profile, tombstone, ({ phase }) => phase === 'signedOut');
      assert.deepEqual(
        changes.flatMap(({ removed }) => labelsOf(removed)),
        [label()],
      );
    },
  },
  'a session that existed at the start is reported as changed when it is refreshed': {
    async holds({ fake, profile, changes, label }) {
      await (await fake.app.sessions.open(profile)).refresh();
      const [change, ...others] = changes;
      assert.deepEqual(
        [labelsOf(change?.changed ?? []), change?.added, change?.removed, others],
        [[label()], [], [], []],
      );
    },
  },
  'a sign-in is reported as added, once, and a sign-out as removed, without tokens': {
    options: { signedIn: false },
    async holds({ fake, profile, changes, label, token }) {
      await signIn(fake.app, profile);
      const issued = token() ?? '?';
      await signOut(fake.app, profile);
      assert.deepEqual(
        changes.map(({ added, removed, changed }) => [added, removed, changed].map(labelsOf)),
        [
          [[label()], [], []],
          [[], [label()], []],
        ],
      );
      assert.ok(!JSON.stringify(changes).includes(issued));
    },
  },
  'a sign-in with another account is reported as the removal of the one and the addition of the other': {
    async holds({ provider, fake, profile, changes, label }) {
      const [before] = await provider.getSessions(scopes);
      const stored = fake.secrets.get(profile.id)?.session as StoredSession;
      const tokens = { ...stored.tokens, accessToken: 'THE TOKEN OF BOB', issuedAt: Date.now() };
      const bob: StoredSession = { ...stored, sessionId: 's2', account: 'bob@example.com', tokens };
      await writeInAnotherWindow(fake, profile, bob, ({ account }) => account === 'bob@example.com');
      assert.deepEqual(
        changes.map(({ added, removed, changed }) => [added, removed, changed].map(labelsOf)),
        [[[label('bob@example.com')], [label()], []]],
      );
      assert.deepEqual(await provider.getSessions(scopes, before?.account), [], 'the token of Bob is not for others');
      assert.equal((await provider.getSessions(scopes))[0]?.account.label, label('bob@example.com'));
    },
  },
  'a profile that is removed from the settings is reported as removed': {
    async holds({ provider, fake, profile, changes, label }) {
      await fake.app.profiles.remove(profile.id);
      await provider.update();
      assert.deepEqual(
        changes.flatMap(({ removed }) => labelsOf(removed)),
        [label()],
      );
      assert.deepEqual(await provider.getSessions(undefined), []);
    },
  },
  'a profile that is added with a stored session is reported as added': {
    async holds({ provider, fake, profile, connection, changes, label }) {
      await fake.app.profiles.remove(profile.id);
      await provider.update();
      await fake.app.profiles.save(connection.profile);
      await provider.update();
      assert.deepEqual(
        changes.flatMap(({ added }) => labelsOf(added)),
        [label()],
      );
    },
  },
  'a profile whose origin changes gets a new identity, and the token of the old one goes nowhere': {
    async holds({ provider, fake, profile, connection, changes, label }) {
      const [before] = await provider.getSessions(undefined);
      const moved: Profile = {
        ...connection.profile,
        baseUrl: connection.profile.baseUrl.replace('127.0.0.1', 'localhost'),
      };
      await fake.app.profiles.save(moved);
      await provider.update();
      assert.deepEqual(
        changes.flatMap(({ removed }) => labelsOf(removed)),
        [label()],
      );
      assert.deepEqual(await provider.getSessions(scopes), []);
      assert.deepEqual(await provider.getSessions(scopes, before?.account), []);
      const after = await provider.createSession(scopes);
      assert.notEqual(after.account.id, before?.account.id);
      assert.match(after.account.label, / – bizmail @ localhost:\d+$/);
      assert.equal(fake.profile(profile.id).origin, new URL(moved.baseUrl).origin);
    },
  },
};

describe('the contract of an authentication provider', () => {
  for (const [clause, { options = {}, holds }] of Object.entries(contract)) {
    it(clause, () => withProvider(options, holds));
  }
});

type FakeApp = AppFixture['fake'];

/** Replaces the stored session with one whose access token has expired. */
async function expire({ app, secrets }: FakeApp, profile: AppFixture['profile']): Promise<void> {
  const stored = secrets.get(profile.id)?.session as StoredSession;
  const { tokens } = stored;
  await app.sessions.release(profile);
  const store = await app.sessions.store(profile);
  const past = Date.now() - expired;
  await store.write({ ...stored, tokens: { ...tokens, accessExpiresAt: past } });
}

/** Resolves when this window has noticed it. */
async function writeInAnotherWindow(
  { app, secretStore, folder }: FakeApp,
  profile: AppFixture['profile'],
  record: Parameters<ProfileStore['write']>[0],
  isNoticed: (status: ProfileStatus) => boolean,
): Promise<void> {
  const secretsAreVolatile = (): boolean => false;
  const store = await openProfileStore(profile, { secrets: secretStore, folder, log: app.log, secretsAreVolatile });
  const noticed = new Promise<void>((resolve) => {
    const stop = app.sessions.onDidChange(() => {
      if (!isNoticed(app.sessions.status(profile))) return;
      stop();
      resolve();
    });
  });
  await store.write(record);
  await noticed;
  store.dispose();
}
