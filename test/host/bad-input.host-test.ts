import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { authentication, workspace } from 'vscode';
import { startSandbox } from '../../core/sandbox/index.ts';
import { profileOf } from '../helpers/profile-of.ts';
import { refreshes, run, runDeclining, setProfiles, until, withProfile } from './fixture.ts';
import { observed } from './observed.ts';

describe('bad input in VS Code', () => {
  it('a broken profile does not hurt the good one beside it', async () => {
    await withProfile(async ({ sandbox, profile }) => {
      await setProfiles([{ id: 'broken', label: 'Broken', partner: 'nobody', baseUrl: 'x' }, 7, null, profile]);
      await run('signIn', profile.id);
      await run('refresh', profile.id);
      assert.equal(refreshes(sandbox), 1);
      assert.deepEqual(
        (await authentication.getAccounts('partner-auth')).map(({ id }) => id),
        [profile.id],
      );
    });
  });

  for (const [name, junk] of Object.entries({
    'no JSON': '{"version":1,"origin"',
    'an older version': '{"version":0}',
    'a session of the wrong shape': '{"version":1,"origin":"http://127.0.0.1","session":{"version":1,"tokens":[]}}',
    'an empty object': '{}',
  })) {
    it(`a stored record that is ${name} is set aside, and signing in starts anew`, async () => {
      const { secrets } = (await observed()).context;
      await withProfile(async ({ sandbox, profile, secretKey, record }) => {
        const good = await record();
        await secrets.store(secretKey, junk);
        // Asks for the key again, as the old one can not be read; nothing is entered.
        await runDeclining('signIn', profile.id);
        assert.equal(await secrets.get(secretKey), undefined);
        assert.equal(await secrets.get(`${secretKey}:damaged`), junk);

        await secrets.store(secretKey, JSON.stringify(good));
        await run('signIn', profile.id);
        assert.equal(sandbox.journal.length, 1);
        assert.ok((await record()).session);
        await secrets.delete(`${secretKey}:damaged`);
      });
    });
  }

  it('a stored record of a newer version is left as it is, and signing in says so', async () => {
    const { secrets } = (await observed()).context;
    await withProfile(async ({ sandbox, profile, secretKey }) => {
      const newer = JSON.stringify({ version: 2, origin: sandbox.url, vault: 'x' });
      await secrets.store(secretKey, newer);
      await runDeclining('signIn', profile.id);
      await runDeclining('refresh', profile.id);
      assert.equal(await secrets.get(secretKey), newer);
      assert.equal(await secrets.get(`${secretKey}:damaged`), undefined);
      assert.equal(sandbox.journal.length, 0);
    });
  });

  it('a record that turns to junk while signed in costs neither the window nor the session at the partner', async () => {
    const { secrets } = (await observed()).context;
    await withProfile(async ({ sandbox, profile, secretKey }) => {
      await run('signIn', profile.id);
      await secrets.store(secretKey, 'junk');
      await run('refresh', profile.id);
      assert.equal(refreshes(sandbox), 1);
      const account = await authentication.getAccounts('partner-auth');
      assert.equal(account.length, 1);
    });
  });

  it('secrets older than the mark on disk, from before this window opened, leave a way to sign in', async () => {
    const { secrets, globalStorageUri } = (await observed()).context;
    await withProfile(async ({ sandbox, profile, secretKey, record }) => {
      await run('signIn', profile.id);
      const old = await record();
      await run('refresh', profile.id);
      await setProfiles([]);
      // What a store leaves that has lost its last write.
      await secrets.store(secretKey, JSON.stringify(old));
      const name = createHash('sha256').update(profile.id).digest('hex').slice(0, 24);
      const longAgo = new Date(Date.now() - 3_600_000);
      await utimes(join(globalStorageUri.fsPath, 'sessions', `${name}.json`), longAgo, longAgo);
      await setProfiles([profile]);
      await runDeclining('refresh', profile.id);
      assert.equal(refreshes(sandbox), 1, 'an old refresh token is not sent');
      await run('signIn', profile.id);
      await run('refresh', profile.id);
      assert.equal(refreshes(sandbox), 2);
    });
  });

  it('secrets that were given for one address never go to another', async () => {
    const elsewhere = await startSandbox();
    try {
      await withProfile(async ({ profile }) => {
        await run('signIn', profile.id);
        await setProfiles([{ ...profile, baseUrl: elsewhere.url }]);
        await runDeclining('refresh', profile.id);
        await runDeclining('signIn', profile.id);
        assert.deepEqual(await authentication.getAccounts('partner-auth'), []);
        assert.equal(elsewhere.journal.length, 0);
      });
    } finally {
      await elsewhere.close();
    }
  });

  it('settings of the workspace change nothing', async () => {
    const evil = await startSandbox();
    const folder = join(workspace.workspaceFolders?.[0]?.uri.fsPath ?? '', '.vscode');
    try {
      await withProfile(async ({ sandbox, profile }) => {
        await run('signIn', profile.id);
        const settings = {
          'partnerAuth.profiles': [{ ...profileOf(evil, 'tconnect'), id: profile.id }],
          'partnerAuth.clipboard.clearAfter': 0,
          'editor.tabSize': 3,
        };
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, 'settings.json'), JSON.stringify(settings));
        await until('VS Code to read the workspace settings', () =>
          workspace.getConfiguration('editor').get('tabSize') === 3 ? true : undefined,
        );
        assert.equal(workspace.getConfiguration('partnerAuth').get('clipboard.clearAfter'), 60);
        await run('refresh', profile.id);
        assert.equal(refreshes(sandbox), 1);
        assert.equal(evil.journal.length, 0);
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
      await evil.close();
    }
  });
});
