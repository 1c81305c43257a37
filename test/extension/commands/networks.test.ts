import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { startSandbox, type Sandbox } from '../../../core/sandbox/index.ts';
import { editProfile } from '../../../extension/commands/edit-profile.ts';
import { refresh } from '../../../extension/commands/refresh.ts';
import { signIn } from '../../../extension/commands/sign-in.ts';
import { signInWithRefreshToken } from '../../../extension/commands/sign-in-with-refresh-token.ts';
import { fakeApp, type FakeApp, type FakeAppOptions } from '../../helpers/fake-app.ts';
import { startProxy, type TestProxy } from '../../helpers/start-proxy.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { connectionTo, correctReplies } from '../../helpers/with-app.ts';

const password = 'p@ss: word';
const stepsOf = ({ steps }: FakeApp): readonly (readonly [id: string, problem: string | undefined])[] =>
  steps.map(({ step, position }) => [step.id, position.problem]);
const editedRows = ({ pickLists }: FakeApp): readonly string[] =>
  (pickLists.at(-1) ?? []).map(({ label, description }) => `${label}: ${description ?? ''}`);

interface ProxyFixture {
  readonly sandbox: Sandbox;
  readonly proxy: TestProxy;
  /** Without credentials. */
  readonly address: string;
  readonly fake: FakeApp;
}

/** Runs a test with a profile whose proxy requires a user and password. */
async function withProxy(options: FakeAppOptions, test: (fixture: ProxyFixture) => Promise<void>): Promise<void> {
  await using sandbox = await startSandbox();
  await using proxy = await startProxy({ credentials: `pat:${password}` });
  const address = `http://127.0.0.1:${proxy.port}`;
  const connection = connectionTo(sandbox, 'bizmail');
  const profiles = [{ ...connection.profile, proxy: address }];
  const fake = fakeApp({ ...options, profiles, replies: { ...correctReplies(connection), ...options.replies } });
  try {
    await test({ sandbox, proxy, address, fake });
  } finally {
    await fake.app.sessions.close();
  }
}

const entered = { proxyUsername: 'pat', proxyPassword: password };

describe('a profile whose proxy requires a user and password', () => {
  it('asks for them when the proxy does, and keeps them in secret storage only', () =>
    withProxy({ replies: entered }, async ({ fake, proxy, address, sandbox }) => {
      assert.ok(await signIn(fake.app, fake.profile('bizmail')));
      const [first] = stepsOf(fake).slice(3);
      assert.deepEqual(first, [
        'proxyUsername',
        'The proxy of ACME bizmail requires another user and password than are stored, if any. They are kept in secret storage.',
      ]);
      assert.deepEqual(
        stepsOf(fake)
          .slice(4)
          .map(([id]) => id),
        ['proxyPassword'],
      );
      const stored = fake.secrets.get('bizmail')?.proxyCredentials;
      assert.deepEqual(stored, { proxy: address, username: 'pat', password });
      assert.equal(proxy.requests.at(-1)?.authorization, `Basic ${btoa(`pat:${password}`)}`);
      assert.deepEqual(
        sandbox.journal.map(({ call }) => call),
        ['login'],
      );
      const visible = JSON.stringify([fake.savedProfiles, fake.logLines, fake.notifications, fake.statusMessages]);
      assert.ok(!visible.includes(password));
      await refresh(fake.app, fake.profile('bizmail'));
      assert.equal(sandbox.journal.at(-1)?.call, 'refresh');
    }));

  it('says which were refused, and keeps the user and what was entered for the partner', () =>
    withProxy({ replies: { ...entered, proxyPassword: ['wrong', password] } }, async ({ fake }) => {
      assert.ok(await signIn(fake.app, fake.profile('bizmail')));
      const again = fake.steps.findLast(({ step }) => step.id === 'proxyUsername');
      assert.equal(again?.position.problem, 'The proxy of ACME bizmail refused this user and password.');
      assert.equal(again.step.value, 'pat');
      assert.equal(stepsOf(fake).filter(([id]) => id === 'password').length, 1);
    }));

  it('asks for them in a sign-in with a refresh token too', () =>
    withProxy({ replies: entered }, async ({ fake, address, sandbox }) => {
      assert.ok(await signIn(fake.app, fake.profile('bizmail')));
      const refreshToken = sandbox.tokens('bizmail')?.refreshToken ?? '';
      const profiles = [{ ...connectionTo(sandbox, 'bizmail').profile, proxy: address }];
      const other = fakeApp({ profiles, replies: { ...entered, refreshToken: [refreshToken] } });
      try {
        await signInWithRefreshToken(other.app, other.profile('bizmail'));
        assert.deepEqual(
          stepsOf(other).map(([id]) => id),
          ['refreshToken', 'proxyUsername', 'proxyPassword'],
        );
        assert.equal(other.app.sessions.status(other.profile('bizmail')).phase, 'valid');
      } finally {
        await other.app.sessions.close();
      }
    }));

  it('changes them with Edit Profile, which shows whether they are stored', () =>
    withProxy({ replies: entered, choice: 'User and password of the proxy' }, async ({ fake, proxy, sandbox }) => {
      const profile = fake.profile('bizmail');
      await editProfile(fake.app, profile);
      assert.ok(editedRows(fake).includes('User and password of the proxy: not stored'));
      assert.ok(await signIn(fake.app, profile));
      assert.equal(proxy.requests.length, 1, 'they were not asked for again');
      await editProfile(fake.app, profile);
      assert.ok(editedRows(fake).includes('User and password of the proxy: stored'));
      assert.ok(!JSON.stringify(fake.pickLists).includes(password));
      assert.equal(sandbox.journal[0]?.call, 'login');
    }));

  it('keeps them when it moves to another server', async () => {
    await using other = await startSandbox();
    const baseUrl = other.url;
    await withProxy(
      { replies: { ...entered, baseUrl }, choice: 'Base URL', buttons: ['Use Them'] },
      async ({ fake, address }) => {
        assert.ok(await signIn(fake.app, fake.profile('bizmail')));
        await editProfile(fake.app, fake.profile('bizmail'));
        const { origin, session, proxyCredentials } = fake.secrets.get('bizmail') ?? {};
        assert.deepEqual([origin, session], [other.url, undefined]);
        assert.deepEqual(proxyCredentials, { proxy: address, username: 'pat', password });
      },
    );
  });

  it('reports a refresh that the proxy refuses, with the ways to enter them', () =>
    withProxy({ replies: entered }, async ({ fake, address }) => {
      const profile = fake.profile('bizmail');
      assert.ok(await signIn(fake.app, profile));
      const proxyCredentials = { proxy: address, username: 'pat', password: 'old' };
      await (await fake.app.sessions.store(profile)).update((record) => ({ ...record, proxyCredentials }));
      await fake.app.sessions.release(profile);
      await refresh(fake.app, profile);
      assert.match(fake.notifications[0]?.message ?? '', /the proxy requires a user and password, or refused those/);
      assert.deepEqual(
        fake.notifications[0]?.actions.map(({ title }) => title),
        ['Edit Profile', 'Sign In', 'Show Log'],
      );
    }));
});

describe('a profile whose client certificate is encrypted', () => {
  it('asks for the passphrase until it fits, and keeps it in secret storage only', async () => {
    await using folder = await temporaryFolder();
    await using sandbox = await startSandbox({ https: true, clientCertificate: true });
    const { cert = '', key = '' } = sandbox.clientCertificates?.valid ?? {};
    const passphrase = 'word-of-the-key';
    const encrypted = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
    const files = { caFile: folder.file('ca.pem'), certFile: folder.file('cert.pem'), keyFile: folder.file('key.pem') };
    await writeFile(files.caFile, sandbox.ca ?? '');
    await writeFile(files.certFile, cert);
    await writeFile(files.keyFile, encrypted);
    const connection = connectionTo(sandbox, 'bizmail');
    const { caFile, ...clientCertificate } = files;
    const fake = fakeApp({
      profiles: [{ ...connection.profile, caFile, clientCertificate }],
      replies: { ...correctReplies(connection), passphrase: ['wrong', passphrase] },
    });
    try {
      assert.ok(await signIn(fake.app, fake.profile('bizmail')));
      assert.deepEqual(
        stepsOf(fake).filter(([id]) => id === 'passphrase'),
        [
          [
            'passphrase',
            'The client certificate of ACME bizmail is encrypted. Its passphrase is kept in secret storage.',
          ],
          ['passphrase', 'The client certificate of ACME bizmail cannot be decrypted with this passphrase.'],
        ],
      );
      assert.equal(fake.secrets.get('bizmail')?.clientCertificatePassphrase, passphrase);
      assert.ok(!JSON.stringify([fake.savedProfiles, fake.logLines]).includes(passphrase));
    } finally {
      await fake.app.sessions.close();
    }
  });
});
