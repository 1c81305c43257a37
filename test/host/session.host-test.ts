import assert from 'node:assert/strict';
import { authentication } from 'vscode';
import { countRefreshes, runCommand, waitUntil, withProfile } from './fixture.ts';
import { activateExtension } from './activation-record.ts';

describe('a session in VS Code', () => {
  it('is stored in a single SecretStorage record, and nowhere else', async () => {
    const { context } = await activateExtension();
    await withProfile(async ({ sandbox, profile, record }) => {
      await runCommand('signIn', profile.id);
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

  it('is rotated in its record by a refresh', async () => {
    await withProfile(async ({ sandbox, profile, record }) => {
      await runCommand('signIn', profile.id);
      const before = await record();
      await runCommand('refresh', profile.id);
      const { session } = await record();
      assert.ok(session !== undefined && 'tokens' in session);
      assert.equal(session.generation, 2);
      assert.equal(session.intent, undefined);
      assert.equal(session.tokens.refreshToken, sandbox.tokens('tconnect')?.refreshToken);
      assert.notDeepEqual(session, before.session);
      assert.equal(countRefreshes(sandbox), 1);
    });
  });

  it('is refreshed once by two concurrent commands', async () => {
    await withProfile(async ({ sandbox, profile }) => {
      await runCommand('signIn', profile.id);
      sandbox.set({ delay: 200 });
      await Promise.all([runCommand('refresh', profile.id), runCommand('refresh', profile.id)]);
      assert.equal(countRefreshes(sandbox), 1);
    });
  });

  it('is deleted from its record on sign-out, with the key and login fields kept', async () => {
    await withProfile(
      async ({ sandbox, profile, record }) => {
        await runCommand('signIn', profile.id);
        const { accessToken = '' } = sandbox.tokens('cloudreve') ?? {};
        await runCommand('signOut', profile.id);
        const after = await record();
        assert.ok(after.session !== undefined && 'signedOutAt' in after.session);
        assert.equal(JSON.stringify(after).includes(accessToken), false);
        assert.equal(after.credentials?.email, sandbox.profiles.cloudreve.credentials.email);
        assert.equal(sandbox.journal.filter(({ call }) => call === 'logout').length, 1);
      },
      { partner: 'cloudreve' },
    );
  });

  it('is listed as an account of VS Code, with an event for each change', async () => {
    await withProfile(async ({ profile }) => {
      let changes = 0;
      const subscription = authentication.onDidChangeSessions(({ provider }) => {
        if (provider.id === 'partner-auth') changes += 1;
      });
      try {
        await runCommand('signIn', profile.id);
        const [account] = await authentication.getAccounts('partner-auth');
        const { host } = new URL(profile.baseUrl);
        assert.match(account?.label ?? '', /^merchant-\w+@example\.com – /);
        assert.ok(account?.label.endsWith(` – ${profile.id} @ ${host}`), account?.label);
        const seen = await waitUntil('the event of the sign-in', () => (changes > 0 ? changes : undefined));
        await runCommand('refresh', profile.id);
        const after = await waitUntil('the event of the refresh', () => (changes > seen ? changes : undefined));
        await runCommand('signOut', profile.id);
        await waitUntil('the event of the sign-out', () => (changes > after ? changes : undefined));
        assert.deepEqual(await authentication.getAccounts('partner-auth'), []);
      } finally {
        subscription.dispose();
      }
    });
  });
});
