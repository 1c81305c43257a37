import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { authentication, workspace } from 'vscode';
import { startSandbox } from '../../core/sandbox/index.ts';
import { profileOf } from '../helpers/profile-of.ts';
import { countRefreshes, runCommand, runAndDismiss, setProfiles, waitUntil, withProfile } from './fixture.ts';
import { activateExtension } from './activation-record.ts';

describe('invalid input in VS Code', () => {
  it('an invalid profile does not affect a valid one', async () => {
    await withProfile(async ({ sandbox, profile }) => {
      await setProfiles([{ id: 'broken', label: 'Broken', partner: 'nobody', baseUrl: 'x' }, 7, null, profile]);
      await runCommand('signIn', profile.id);
      await runCommand('refresh', profile.id);
      assert.equal(countRefreshes(sandbox), 1);
      assert.deepEqual(
        (await authentication.getAccounts('partner-auth')).map(({ id }) => id),
        [`${profile.id} @ ${sandbox.url}`],
      );
    });
  });

  for (const [name, invalid] of Object.entries({
    'not JSON': '{"version":1,"origin"',
    'an older version': '{"version":0}',
    'a session with an invalid shape': '{"version":1,"origin":"http://127.0.0.1","session":{"version":1,"tokens":[]}}',
    'an empty object': '{}',
  })) {
    it(`a stored record that is ${name} is set aside, and signing in works again`, async () => {
      const { secrets } = (await activateExtension()).context;
      await withProfile(async ({ sandbox, profile, secretKey, record }) => {
        const valid = await record();
        await secrets.store(secretKey, invalid);
        // Prompts for the key, because the stored one cannot be read; the prompt is dismissed.
        await runAndDismiss('signIn', profile.id);
        assert.equal(await secrets.get(secretKey), undefined);
        assert.equal(await secrets.get(`${secretKey}:damaged`), invalid);

        await secrets.store(secretKey, JSON.stringify(valid));
        await runCommand('signIn', profile.id);
        assert.equal(sandbox.journal.length, 1);
        assert.ok((await record()).session);
        await secrets.delete(`${secretKey}:damaged`);
      });
    });
  }

  it('a stored record of a newer version is left unchanged, and nothing is sent', async () => {
    const { secrets } = (await activateExtension()).context;
    await withProfile(async ({ sandbox, profile, secretKey }) => {
      const newer = JSON.stringify({ version: 2, origin: sandbox.url, vault: 'x' });
      await secrets.store(secretKey, newer);
      await runAndDismiss('signIn', profile.id);
      await runAndDismiss('refresh', profile.id);
      assert.equal(await secrets.get(secretKey), newer);
      assert.equal(await secrets.get(`${secretKey}:damaged`), undefined);
      assert.equal(sandbox.journal.length, 0);
    });
  });

  it('a stored record that is damaged while signed in does not end the session', async () => {
    const { secrets } = (await activateExtension()).context;
    await withProfile(async ({ sandbox, profile, secretKey }) => {
      await runCommand('signIn', profile.id);
      await secrets.store(secretKey, 'damaged');
      await runCommand('refresh', profile.id);
      assert.equal(countRefreshes(sandbox), 1);
      const accounts = await authentication.getAccounts('partner-auth');
      assert.equal(accounts.length, 1);
    });
  });

  it('secrets older than the session summary on disk are not sent, and signing in works again', async () => {
    const { secrets, globalStorageUri } = (await activateExtension()).context;
    await withProfile(async ({ sandbox, profile, secretKey, record }) => {
      await runCommand('signIn', profile.id);
      const old = await record();
      await runCommand('refresh', profile.id);
      await setProfiles([]);
      // Simulates a store that lost its last write.
      await secrets.store(secretKey, JSON.stringify(old));
      const name = createHash('sha256').update(profile.id).digest('hex').slice(0, 24);
      const longAgo = new Date(Date.now() - 3_600_000);
      await utimes(join(globalStorageUri.fsPath, 'sessions', `${name}.json`), longAgo, longAgo);
      await setProfiles([profile]);
      await runAndDismiss('refresh', profile.id);
      assert.equal(countRefreshes(sandbox), 1, 'an old refresh token is not sent');
      await runCommand('signIn', profile.id);
      await runCommand('refresh', profile.id);
      assert.equal(countRefreshes(sandbox), 2);
    });
  });

  it('secrets entered for one base URL are never sent to another', async () => {
    const otherSandbox = await startSandbox();
    try {
      await withProfile(async ({ profile }) => {
        await runCommand('signIn', profile.id);
        await setProfiles([{ ...profile, baseUrl: otherSandbox.url }]);
        await runAndDismiss('refresh', profile.id);
        await runAndDismiss('signIn', profile.id);
        assert.deepEqual(await authentication.getAccounts('partner-auth'), []);
        assert.equal(otherSandbox.journal.length, 0);
      });
    } finally {
      await otherSandbox.close();
    }
  });

  it('workspace settings have no effect', async () => {
    const otherSandbox = await startSandbox();
    const folder = join(workspace.workspaceFolders?.[0]?.uri.fsPath ?? '', '.vscode');
    try {
      await withProfile(async ({ sandbox, profile }) => {
        await runCommand('signIn', profile.id);
        const settings = {
          'partnerAuth.profiles': [{ ...profileOf(otherSandbox, 'tconnect'), id: profile.id }],
          'partnerAuth.clipboard.clearAfter': 0,
          'editor.tabSize': 3,
        };
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, 'settings.json'), JSON.stringify(settings));
        await waitUntil('VS Code to read the workspace settings', () =>
          workspace.getConfiguration('editor').get('tabSize') === 3 ? true : undefined,
        );
        assert.equal(workspace.getConfiguration('partnerAuth').get('clipboard.clearAfter'), 60);
        await runCommand('refresh', profile.id);
        assert.equal(countRefreshes(sandbox), 1);
        assert.equal(otherSandbox.journal.length, 0);
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
      await otherSandbox.close();
    }
  });
});
