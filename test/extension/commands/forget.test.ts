import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { forgetEverything, offerToForget } from '../../../extension/commands/forget.ts';
import { refresh } from '../../../extension/commands/refresh.ts';
import { removeProfile } from '../../../extension/commands/sign-out.ts';
import { openProfileStore, SessionPool } from '../../../core/profiles/index.ts';
import { withApp } from '../../helpers/with-app.ts';

const confirmAll = { buttons: ['Forget Everything'] };
const logouts = (journal: readonly { readonly call: string }[]): number =>
  journal.filter(({ call }) => call === 'logout').length;

describe('a profile that was removed from the settings by hand', () => {
  it('is forgotten and signed out of on request', () =>
    withApp({ partner: 'cloudreve', buttons: ['Forget'] }, async ({ fake, profile, sandbox }) => {
      await fake.app.profiles.remove(profile.id);
      await fake.secretStore.set(`profile:${profile.id}:damaged`, '{');
      await offerToForget(fake.app, profile);
      assert.deepEqual(fake.questions, [
        `The profile ${profile.label} (${profile.id}) is no longer in your settings. Forget its session, key and password too?`,
      ]);
      assert.deepEqual([...fake.secretStore.entries], []);
      assert.deepEqual(
        readdirSync(fake.folder).filter((name) => name.endsWith('.json')),
        [],
      );
      assert.equal(logouts(sandbox.journal), 1);
    }));

  it('is asked about together with the others', () =>
    withApp({ partner: 'cloudreve', buttons: ['Forget'] }, async ({ fake, profile }) => {
      const other = { ...profile, id: 'other', label: 'Other' };
      await fake.secretStore.set('profile:other', fake.secretStore.entries.get(`profile:${profile.id}`) ?? '');
      await fake.app.profiles.remove(profile.id);
      await offerToForget(fake.app, profile, other, { ...profile, id: 'never-used' });
      assert.deepEqual(fake.questions, [
        '2 profiles are no longer in your settings: ACME cloudreve (cloudreve), Other (other). Forget their sessions, keys and passwords too?',
      ]);
      assert.deepEqual([...fake.secretStore.entries], []);
    }));

  it('keeps what is stored if the user does not answer or selects Keep', async () => {
    for (const buttons of [[], ['Keep']]) {
      await withApp({ buttons }, async ({ fake, profile }) => {
        const before = fake.secrets.get(profile.id);
        await fake.app.profiles.remove(profile.id);
        await offerToForget(fake.app, profile);
        assert.deepEqual(fake.secrets.get(profile.id), before);
      });
    }
  });

  it('is forgotten without its key, and although the partner is unreachable', () =>
    withApp({ buttons: ['Forget'] }, async ({ fake, profile, sandbox }) => {
      await (await fake.app.sessions.store(profile)).update(({ key: _, ...record }) => record);
      await fake.app.sessions.release(profile);
      await fake.app.profiles.remove(profile.id);
      await sandbox.close();
      await offerToForget(fake.app, profile);
      assert.deepEqual([...fake.secretStore.entries], []);
    }));

  it('is not asked about if nothing is stored for it, such as after Remove Profile', () =>
    withApp({ buttons: ['Remove'] }, async ({ fake, profile }) => {
      await removeProfile(fake.app, profile);
      const asked = fake.questions.length;
      await offerToForget(fake.app, profile);
      assert.equal(fake.questions.length, asked);
      assert.deepEqual([...fake.secretStore.entries], []);
    }));

  it('is kept if it was added again before the user selected Forget', () =>
    withApp({ buttons: ['Forget'] }, async ({ fake, profile }) => {
      const before = fake.secrets.get(profile.id);
      await offerToForget(fake.app, profile);
      assert.deepEqual(fake.secrets.get(profile.id), before);
    }));
});

describe('Forget Everything', () => {
  it('deletes every secret, also of profiles that are not in the settings and of other origins', () =>
    withApp({ ...confirmAll, partner: 'cloudreve' }, async ({ fake, profile, sandbox }) => {
      const { secretStore } = fake;
      const record = secretStore.entries.get(`profile:${profile.id}`) ?? '';
      await secretStore.set('profile:removed', record);
      await secretStore.set('profile:removed:damaged', '{');
      await secretStore.set('sandbox', '{"key":"x"}');
      await forgetEverything(fake.app);
      assert.deepEqual([...secretStore.entries], []);
      assert.equal(fake.app.sessions.status(profile).phase, 'signedOut');
      assert.equal(logouts(sandbox.journal), 1);
      assert.deepEqual(
        fake.savedProfiles.map(({ id }) => id),
        [profile.id],
      );
      await refresh(fake.app, profile);
      assert.match(fake.notifications[0]?.message ?? '', /not signed in/);
    }));

  it('deletes nothing without confirmation', () =>
    withApp({}, async ({ fake, profile }) => {
      const before = fake.secrets.get(profile.id);
      await forgetEverything(fake.app);
      assert.equal(fake.confirmations.length, 1);
      assert.deepEqual(fake.secrets.get(profile.id), before);
    }));

  it('says in a dialog what is removed and what stays', () =>
    withApp({}, async ({ fake, profile }) => {
      await fake.secretStore.set('profile:removed', fake.secretStore.entries.get(`profile:${profile.id}`) ?? '');
      await forgetEverything(fake.app);
      assert.deepEqual(fake.confirmations[0]?.split('\n'), [
        'Forget every session, key and password?',
        'You will be signed out of ACME tconnect.',
        'The keys, passwords and other login fields of ACME tconnect will be deleted.',
        'So will what is stored for profiles that are no longer in your settings: removed.',
        'The profiles stay in your settings. This cannot be undone.',
      ]);
      assert.deepEqual(fake.questions, []);
    }));

  it('leaves the canary of the keyring, which would look lost in another VS Code profile', () =>
    withApp(confirmAll, async ({ fake }) => {
      await fake.secretStore.set('keyring-canary', 'stored');
      await forgetEverything(fake.app);
      assert.deepEqual([...fake.secretStore.entries.keys()], ['keyring-canary']);
    }));

  it('deletes the secrets of a partner that is unreachable', () =>
    withApp({ ...confirmAll, partner: 'cloudreve' }, async ({ fake, sandbox }) => {
      await sandbox.close();
      await forgetEverything(fake.app);
      assert.deepEqual([...fake.secretStore.entries], []);
    }));

  it('names the keyring if it cannot be read', () =>
    withApp(confirmAll, async ({ fake, profile }) => {
      await fake.app.sessions.release(profile);
      fake.secretStore.failing.add('get').add('set').add('delete');
      await forgetEverything(fake.app);
      assert.ok(fake.notifications.length > 0);
      for (const { message, actions } of fake.notifications) {
        assert.match(message, /keyring of this machine/);
        assert.ok(actions.some(({ command }) => command === 'storageHelp'));
      }
    }));

  it('signs out another window that has the session in memory, which does not write it back', () =>
    withApp(confirmAll, async ({ fake, profile }) => {
      const { app, folder, secretStore } = fake;
      const other = new SessionPool({
        openStore: (opened) =>
          openProfileStore(opened, { secrets: secretStore, folder, log: app.log, secretsAreVolatile: () => false }),
        readFile: () => Promise.reject(new Error('There are no files.')),
        log: app.log,
        autoRefresh: () => false,
        refreshMargin: () => 300,
        globalAgent: false,
      });
      try {
        const session = await other.open(profile);
        await session.accessToken();
        await forgetEverything(app);
        await assert.rejects(session.refresh(), { code: 'signedOut' });
        assert.deepEqual([...secretStore.entries], []);
      } finally {
        await other.close();
      }
      assert.deepEqual([...secretStore.entries], []);
      assert.ok(existsSync(folder));
    }));
});
