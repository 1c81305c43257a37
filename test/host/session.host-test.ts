import assert from 'node:assert/strict';
import { authentication } from 'vscode';
import { refreshes, run, until, withProfile } from './fixture.ts';
import { observed } from './observed.ts';

describe('a session in VS Code', () => {
  it('lives in SecretStorage in one record, and nowhere else', async () => {
    const { context } = await observed();
    await withProfile(async ({ sandbox, profile, record }) => {
      await run('signIn', profile.id);
      const { session, key, credentials } = await record();
      const tokens = sandbox.tokens('tconnect');
      assert.ok(session !== undefined && 'tokens' in session);
      assert.equal(session.tokens.accessToken, tokens?.accessToken);
      assert.equal(session.tokens.refreshToken, tokens?.refreshToken);
      assert.equal(key, sandbox.profiles.tconnect.cipher.key);
      assert.equal(credentials?.client_id, sandbox.profiles.tconnect.credentials.client_id);

      const states = [context.globalState, context.workspaceState].flatMap((state) =>
        state.keys().map((name) => JSON.stringify(state.get(name))),
      );
      for (const secret of [session.tokens.accessToken, session.tokens.refreshToken ?? '', key]) {
        assert.ok(secret.length > 16);
        assert.equal(states.join().includes(secret), false);
      }
    });
  });

  it('rotates in the record with one refresh', async () => {
    await withProfile(async ({ sandbox, profile, record }) => {
      await run('signIn', profile.id);
      const before = await record();
      await run('refresh', profile.id);
      const { session } = await record();
      assert.ok(session !== undefined && 'tokens' in session);
      assert.equal(session.generation, 2);
      assert.equal(session.intent, undefined);
      assert.equal(session.tokens.refreshToken, sandbox.tokens('tconnect')?.refreshToken);
      assert.notDeepEqual(session, before.session);
      assert.equal(refreshes(sandbox), 1);
    });
  });

  it('is refreshed once by two commands at once', async () => {
    await withProfile(async ({ sandbox, profile }) => {
      await run('signIn', profile.id);
      sandbox.set({ delay: 200 });
      await Promise.all([run('refresh', profile.id), run('refresh', profile.id)]);
      assert.equal(refreshes(sandbox), 1);
    });
  });

  it('is gone from the record after signing out, with the key and login fields kept', async () => {
    await withProfile(
      async ({ sandbox, profile, record }) => {
        await run('signIn', profile.id);
        const { accessToken = '' } = sandbox.tokens('cloudreve') ?? {};
        await run('signOut', profile.id);
        const after = await record();
        assert.ok(after.session !== undefined && 'signedOutAt' in after.session);
        assert.equal(JSON.stringify(after).includes(accessToken), false);
        assert.equal(after.credentials?.email, sandbox.profiles.cloudreve.credentials.email);
        assert.equal(sandbox.journal.filter(({ call }) => call === 'logout').length, 1);
      },
      { partner: 'cloudreve' },
    );
  });

  it('is an account of VS Code while it lasts, and says so when it changes', async () => {
    await withProfile(async ({ profile }) => {
      let changes = 0;
      const listening = authentication.onDidChangeSessions(({ provider }) => {
        if (provider.id === 'partner-auth') changes += 1;
      });
      try {
        await run('signIn', profile.id);
        const [account] = await authentication.getAccounts('partner-auth');
        assert.equal(account?.id, profile.id);
        assert.match(account.label, /^merchant-\w+@example\.com \(ACME\)$/);
        const seen = await until('the event of the sign-in', () => (changes > 0 ? changes : undefined));
        await run('refresh', profile.id);
        const after = await until('the event of the refresh', () => (changes > seen ? changes : undefined));
        await run('signOut', profile.id);
        await until('the event of the sign-out', () => (changes > after ? changes : undefined));
        assert.deepEqual(await authentication.getAccounts('partner-auth'), []);
      } finally {
        listening.dispose();
      }
    });
  });

  it('is given to no extension that the user has not allowed', async () => {
    await withProfile(async ({ sandbox, profile }) => {
      await run('signIn', profile.id);
      const before = sandbox.journal.length;
      assert.equal(await authentication.getSession('partner-auth', [profile.id], { silent: true }), undefined);
      assert.equal(await authentication.getSession('partner-auth', ['no-such-profile'], { silent: true }), undefined);
      assert.equal(sandbox.journal.length, before);
    });
  });
});
