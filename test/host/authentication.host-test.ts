import assert from 'node:assert/strict';
import { extensions, type AuthenticationGetSessionOptions } from 'vscode';
import type { Client } from './client-extension.ts';
import { clientId } from './client-manifest.ts';
import { runCommand, setProfiles, waitUntil, withProfile } from './fixture.ts';

async function activateClient(): Promise<Client> {
  const extension = extensions.getExtension<Client>(clientId);
  assert.ok(extension);
  return extension.activate();
}

/** VS Code does not show its consent dialog while tests run, but rejects with its text. */
const consentDialog = /refused to show dialog in tests\. Contents: .*sign in/i;

describe('another extension in VS Code', () => {
  it('gets no token that the user has not allowed, whatever it asks for', async () => {
    const client = await activateClient();
    await withProfile(async ({ sandbox, profile }) => {
      await runCommand('signIn', profile.id);
      const requests = sandbox.journal.length;
      const [account] = await client.getAccounts();
      assert.ok(account);
      for (const options of [{}, { account }, { clearSessionPreference: true }])
        for (const scopes of [[profile.id], []])
          assert.equal(await client.getSession(scopes, { ...options, silent: true }), undefined);
      const prompting: AuthenticationGetSessionOptions[] = [
        { createIfNone: true },
        { forceNewSession: true },
        { createIfNone: true, account },
        { createIfNone: true, clearSessionPreference: true },
      ];
      for (const options of prompting) await assert.rejects(client.getSession([profile.id], options), consentDialog);
      assert.equal(sandbox.journal.length, requests);
    });
  });

  it('sees a removed profile leave and an added one come, as accounts of their own', async () => {
    const client = await activateClient();
    await withProfile(async ({ sandbox, profile, record, secrets }) => {
      await runCommand('signIn', profile.id);
      const [first] = await client.getAccounts();
      const other = { ...profile, id: `${profile.id}-live` };
      const { session: _, ...withoutSession } = await record();
      await secrets.store(`profile:${other.id}`, JSON.stringify(withoutSession));
      try {
        await setProfiles([profile, other]);
        await runCommand('signIn', other.id);
        const both = await client.getAccounts();
        assert.equal(new Set(both.map(({ label }) => label)).size, 2, 'VS Code has an entry for each label');

        await setProfiles([other]);
        const left = await waitUntil('the removal', async () => {
          const accounts = await client.getAccounts();
          return accounts.length === 1 ? accounts : undefined;
        });
        assert.notEqual(left[0]?.label, first?.label);
        assert.ok(left[0]?.label.endsWith(` – ${other.id} @ ${new URL(sandbox.url).host}`));
        assert.equal(await client.getSession([other.id], { silent: true }), undefined);
        await assert.rejects(client.getSession([other.id], { createIfNone: true }), consentDialog);
      } finally {
        await secrets.delete(`profile:${other.id}`);
      }
    });
  });

  it('is notified of a sign-in, a refresh, a sign-out and the removal of a profile', async () => {
    const client = await activateClient();
    await withProfile(async ({ profile }) => {
      for (const [change, make] of Object.entries({
        'a sign-in': () => runCommand('signIn', profile.id),
        'a refresh': () => runCommand('refresh', profile.id),
        'a sign-out': () => runCommand('signOut', profile.id),
        'another sign-in': () => runCommand('signIn', profile.id),
        'the removal of the profile': () => setProfiles([]),
        'its return': () => setProfiles([profile]),
      })) {
        const before = client.changes();
        await make();
        await waitUntil(change, () => (client.changes() > before ? true : undefined));
      }
    });
  });

  it('sees another account after the base URL of a profile was changed', async () => {
    const client = await activateClient();
    await withProfile(async ({ profile }) => {
      await runCommand('signIn', profile.id);
      const [before] = await client.getAccounts();
      const moved = { ...profile, baseUrl: profile.baseUrl.replace('127.0.0.1', 'localhost') };
      await setProfiles([moved]);
      await waitUntil('the old account to leave', async () =>
        (await client.getAccounts()).length === 0 ? true : undefined,
      );
      assert.equal(
        await client.getSession([profile.id], { silent: true, ...(before && { account: before }) }),
        undefined,
      );
    });
  });
});
