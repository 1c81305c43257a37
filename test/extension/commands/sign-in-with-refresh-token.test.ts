import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { openSession } from '../../../core/index.ts';
import { signIn } from '../../../extension/commands/sign-in.ts';
import { signInWithRefreshToken } from '../../../extension/commands/sign-in-with-refresh-token.ts';
import type { Sandbox, SandboxPartner } from '../../../core/sandbox/index.ts';
import { cancel } from '../../helpers/fake-app.ts';
import { withApp } from '../../helpers/with-app.ts';

const callsOf = (sandbox: Sandbox): string[] => sandbox.journal.map(({ call }) => call);

/** Signs in as a browser does, and resolves its refresh token. */
async function tokenOfBrowser(sandbox: Sandbox, partner: SandboxPartner): Promise<string> {
  await using session = await openSession(sandbox.profiles[partner]);
  await session.login(sandbox.profiles[partner].credentials);
  const token = sandbox.tokens(partner)?.refreshToken ?? '';
  sandbox.clearJournal();
  return token;
}

describe('signInWithRefreshToken', () => {
  for (const partner of ['tconnect', 'bizmail', 'cloudreve'] as const) {
    it(`signs in to ${partner} after one refresh, and stores the key that was entered`, () =>
      withApp({ partner, signedIn: false, replies: () => ({ refreshToken: () => given }) }, async (fixture) => {
        const { fake, profile, sandbox, connection } = fixture;
        given = await tokenOfBrowser(sandbox, partner);
        assert.equal(await signInWithRefreshToken(fake.app, profile), true);
        assert.deepEqual(callsOf(sandbox), ['refresh']);
        assert.equal(fake.app.sessions.status(profile).phase, 'valid');
        assert.equal(fake.secrets.get(profile.id)?.key, partner === 'tconnect' ? connection.key : undefined);
        assert.equal(fake.statusMessages.at(-1), `Signed in to ${profile.label}.`);
        const asked = fake.steps.map(({ step }) => step.id);
        assert.deepEqual(asked, partner === 'tconnect' ? ['key', 'iv', 'refreshToken'] : ['refreshToken']);
      }));
  }
  let given = '';

  it('masks the token, says what it may do elsewhere, and takes it as it was pasted', () =>
    withApp(
      { partner: 'cloudreve', signedIn: false, replies: () => ({ refreshToken: () => given }) },
      async ({ fake, profile, sandbox }) => {
        const token = await tokenOfBrowser(sandbox, 'cloudreve');
        given = ` "${token.slice(0, 30)}\u200b\r\n${token.slice(30)}"\n`;
        assert.equal(await signInWithRefreshToken(fake.app, profile), true);
        const [shown] = fake.steps;
        assert.ok(shown?.step.kind === 'input' && shown.step.secret === true);
        assert.match(shown.step.prompt, /copied from may be signed out/);
        const visible = inspect([fake.logLines, fake.statusMessages, fake.notifications, fake.progress], { depth: 9 });
        assert.ok(!visible.includes(token));
      },
    ));

  for (const [what, text, problem] of [
    ['an empty token', ' ', /required/],
    ['an Authorization header', 'Authorization: Bearer abc', /access token\. Enter the refresh token/],
    ['a JSON object', '{"refresh_token":"abc"}', /JSON/],
    ['another script', 'tokеn', /position 4/],
    ['a whole document', 'a'.repeat(20_000), /longer/],
  ] as const) {
    it(`refuses ${what} before anything is sent`, () =>
      withApp(
        { partner: 'cloudreve', signedIn: false, replies: () => ({ refreshToken: text }) },
        async ({ fake, profile, sandbox }) => {
          await signInWithRefreshToken(fake.app, profile).catch(() => undefined);
          const [shown] = fake.steps;
          assert.ok(shown?.step.kind === 'input');
          const tidied = shown.step.tidy?.(text).value ?? text;
          assert.match(shown.step.validate?.(tidied) ?? '', problem);
          assert.deepEqual(callsOf(sandbox), []);
        },
      ));
  }

  for (const partner of ['tconnect', 'bizmail', 'cloudreve'] as const) {
    it(`keeps the session, the key and the login fields if ${partner} refuses the token, and asks for another one`, () =>
      withApp(
        { partner, replies: () => ({ refreshToken: ['not-a-token-of-this-partner', cancel] }) },
        async ({ fake, profile, sandbox }) => {
          const before = fake.secrets.get(profile.id);
          assert.equal(await signInWithRefreshToken(fake.app, profile), false);
          assert.deepEqual(fake.secrets.get(profile.id), before);
          assert.equal(fake.app.sessions.status(profile).phase, 'valid');
          assert.match(fake.steps.at(-1)?.position.problem ?? '', /refused this refresh token\. Nothing was replaced/);
          assert.equal(fake.steps.at(-1)?.step.value, undefined, 'the refused token is not offered again');
          assert.deepEqual(fake.notifications, []);
          sandbox.clearJournal();
          await (await fake.app.sessions.open(profile)).refresh();
          assert.deepEqual(callsOf(sandbox), ['refresh']);
        },
      ));
  }

  it('keeps the stored key if another one was entered and does not fit', () =>
    withApp(
      { replies: ({ key }) => ({ key: [key, 'ab'.repeat(32)], refreshToken: 'some-token' }) },
      async ({ fake, profile, connection }) => {
        const store = await fake.app.sessions.store(profile);
        await store.update(({ key: _, ...record }) => record);
        const session = fake.secrets.get(profile.id)?.session;
        let shown = 0;
        const showStep: typeof fake.app.ui.showStep = async (step, position) =>
          ++shown > 3 ? undefined : fake.app.ui.showStep(step, position);
        const app = { ...fake.app, ui: { ...fake.app.ui, showStep } };
        assert.equal(await signInWithRefreshToken(app, profile), false);
        assert.notEqual(connection.key, 'ab'.repeat(32));
        assert.equal(fake.secrets.get(profile.id)?.key, undefined);
        assert.deepEqual(fake.secrets.get(profile.id)?.session, session);
      },
    ));

  it('sends the token again after a failure of the network, without a prompt', () =>
    withApp(
      { partner: 'cloudreve', signedIn: false, replies: () => ({ refreshToken: () => given }) },
      async ({ fake, profile, sandbox }) => {
        given = await tokenOfBrowser(sandbox, 'cloudreve');
        sandbox.fail({ status: 503 }, { call: 'refresh', times: Infinity });
        assert.equal(await signInWithRefreshToken(fake.app, profile), false);
        assert.equal(fake.notifications.at(-1)?.actions[0]?.command, 'signInWithRefreshToken');
        sandbox.heal();
        const stepCount = fake.steps.length;
        assert.equal(await signInWithRefreshToken(fake.app, profile), true);
        assert.equal(fake.steps.length, stepCount);
      },
    ));

  it('joins a sign-in of the same profile', () =>
    withApp({ partner: 'cloudreve', signedIn: false }, async ({ fake, profile, sandbox }) => {
      const results = await Promise.all([signIn(fake.app, profile), signInWithRefreshToken(fake.app, profile)]);
      assert.deepEqual(results, [true, true]);
      assert.deepEqual(callsOf(sandbox), ['login']);
    }));

  it('forgets nothing and shows no error when it is cancelled', () =>
    withApp({ partner: 'cloudreve', replies: () => ({ refreshToken: cancel }) }, async ({ fake, profile }) => {
      const before = fake.secrets.get(profile.id);
      assert.equal(await signInWithRefreshToken(fake.app, profile), false);
      assert.deepEqual(fake.secrets.get(profile.id), before);
      assert.deepEqual(fake.notifications, []);
    }));
});
