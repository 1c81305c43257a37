import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { editProfile } from '../../../extension/commands/edit-profile.ts';
import { refresh } from '../../../extension/commands/refresh.ts';
import { cancel, type FakeApp } from '../../helpers/fake-app.ts';
import { withApp } from '../../helpers/with-app.ts';

const rows = (fake: FakeApp): readonly string[] =>
  (fake.pickLists[0] ?? []).map(({ label, description }) => `${label}: ${description ?? ''}`);

describe('editProfile', () => {
  it('offers what the profile has, with its values but without its secrets', () =>
    withApp({}, async ({ fake, profile, secrets, connection }) => {
      await editProfile(fake.app, profile);
      assert.deepEqual(rows(fake), [
        `Name: ${profile.label}`,
        `Base URL: ${profile.baseUrl}`,
        `Partner code: ${profile.partnerCode ?? ''}`,
        'Key format: Hex digits',
        'Key: stored',
        'IV rule: Fixed (hex digits)',
        'Fixed IV: stored',
      ]);
      for (const secret of secrets) assert.ok(!JSON.stringify(fake.pickLists).includes(secret));
      assert.deepEqual(fake.savedProfiles, [connection.profile], 'nothing was selected');
    }));

  it('offers no cipher settings of a partner that takes plain payloads', () =>
    withApp({ partner: 'cloudreve' }, async ({ fake, profile }) => {
      await editProfile(fake.app, profile);
      assert.deepEqual(rows(fake), [`Name: ${profile.label}`, `Base URL: ${profile.baseUrl}`]);
    }));

  it('changes the name with one step that has the current one, and keeps everything else', () =>
    withApp({ choice: 'Name', replies: () => ({ label: ' Đối tác ' }) }, async ({ fake, profile, connection }) => {
      const before = fake.secrets.get(profile.id);
      const shown = fake.steps.length;
      await editProfile(fake.app, profile);
      const [first, ...others] = fake.steps.slice(shown);
      assert.deepEqual([first?.step.id, first?.step.value, first?.position.total], ['label', profile.label, 1]);
      assert.deepEqual(others, []);
      assert.deepEqual(fake.savedProfiles, [{ ...connection.profile, label: 'Đối tác' }]);
      assert.deepEqual(fake.secrets.get(profile.id), before);
      assert.equal(fake.statusMessages.at(-1), 'The profile Đối tác was changed.');
      await refresh(fake.app, fake.profile(profile.id));
      assert.deepEqual(fake.notifications, []);
    }));

  it('changes nothing if it is cancelled', () =>
    withApp({ choice: 'Base URL', replies: () => ({ baseUrl: cancel }) }, async ({ fake, profile, connection }) => {
      const before = fake.secrets.get(profile.id);
      await editProfile(fake.app, profile);
      assert.deepEqual([fake.savedProfiles, fake.secrets.get(profile.id)], [[connection.profile], before]);
    }));

  it('replaces the key in secret storage, and the next call uses it', () =>
    withApp({ choice: 'Key' }, async ({ fake, profile, connection }) => {
      const other = 'ab'.repeat(32);
      const app = { ...fake.app, ui: { ...fake.app.ui, showStep: () => Promise.resolve({ value: `0x${other}\n` }) } };
      await editProfile(app, profile);
      assert.equal(fake.secrets.get(profile.id)?.key, other);
      assert.deepEqual(fake.savedProfiles, [connection.profile]);
      await refresh(fake.app, fake.profile(profile.id));
      assert.match(fake.notifications[0]?.message ?? '', /Check the key/);
      assert.ok(fake.secrets.get(profile.id)?.session, 'the session is kept');
    }));

  it('asks for the key after its format only if the stored one does not have that format', () =>
    withApp({ choice: 'Key format', replies: () => ({ keyFormat: 'base64' }) }, async ({ fake, profile }) => {
      const shown = fake.steps.length;
      await editProfile(fake.app, profile);
      const ids = fake.steps.slice(shown).map(({ step }) => step.id);
      assert.deepEqual(ids, ['keyFormat', 'key']);
      assert.equal(fake.steps[shown]?.step.value, 'hex');
      assert.deepEqual(fake.savedProfiles[0]?.cipher?.keyFormat, 'hex', 'the key was not accepted');
    }));

  it('keeps the stored IV and other cipher settings if only the rule changes', () =>
    withApp({ signedIn: false, choice: 'IV rule' }, async ({ fake, profile, connection }) => {
      const { key, iv = '' } = connection;
      await (await fake.app.sessions.store(profile)).update((record) => ({ ...record, key, iv }));
      const before = fake.secrets.get(profile.id);
      const ui = { ...fake.app.ui, showStep: () => Promise.resolve({ value: 'prefix' }) };
      await editProfile({ ...fake.app, ui }, profile);
      const { cipher } = connection.profile;
      assert.deepEqual(fake.savedProfiles, [{ ...connection.profile, cipher: { ...cipher, iv: { from: 'prefix' } } }]);
      assert.deepEqual(fake.secrets.get(profile.id), before);
    }));

  describe('to another server', () => {
    const move = async (
      button: string | undefined,
      test: (given: { fake: FakeApp; other: string; id: string; calls: () => string[] }) => Promise<void>,
    ): Promise<void> => {
      await using other = await startSandbox();
      await withApp(
        {
          partner: 'cloudreve',
          choice: 'Base URL',
          buttons: button === undefined ? [] : [button],
          replies: () => ({ baseUrl: `${other.url}/api/v4/`, remember: 'yes' }),
        },
        async ({ fake, profile, sandbox }) => {
          await editProfile(fake.app, profile);
          assert.match(fake.confirmations.at(-1) ?? '', new RegExp(`moves from ${sandbox.url} to ${other.url}`));
          await test({
            fake,
            other: other.url,
            id: profile.id,
            calls: () => sandbox.journal.map(({ call }) => call),
          });
        },
      );
    };

    it('keeps the login fields if the user agrees, and ends the session at the old server', () =>
      move('Use Them', async ({ fake, other, id, calls }) => {
        const record = fake.secrets.get(id);
        assert.equal(fake.savedProfiles[0]?.baseUrl, other);
        assert.deepEqual([record?.origin, record?.session], [other, undefined]);
        assert.deepEqual(Object.keys(record?.credentials ?? {}), ['email', 'password']);
        assert.equal(calls().at(-1), 'logout');
      }));

    it('forgets them if they are to be entered again', () =>
      move('Enter Them Again', async ({ fake, other, id }) => {
        assert.equal(fake.savedProfiles[0]?.baseUrl, other);
        assert.equal(fake.secrets.get(id), undefined);
      }));

    it('changes nothing if the question is dismissed', () =>
      move(undefined, async ({ fake, other, id, calls }) => {
        assert.notEqual(fake.savedProfiles[0]?.baseUrl, other);
        assert.ok(fake.secrets.get(id)?.session);
        assert.ok(!calls().includes('logout'));
      }));
  });
});
