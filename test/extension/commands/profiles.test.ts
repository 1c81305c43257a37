import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addProfile } from '../../../extension/commands/add-profile.ts';
import { signIn } from '../../../extension/commands/sign-in.ts';
import { removeProfile, signOut, signOutAll } from '../../../extension/commands/sign-out.ts';
import { startSandbox as startSandboxCommand } from '../../../extension/commands/start-sandbox.ts';
import { switchProfile } from '../../../extension/commands/switch-profile.ts';
import { chosenProfile } from '../../../extension/commands/run-command.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { cancel, fakeApp } from '../../helpers/fake-app.ts';
import { connectionTo, correctReplies, withApp } from '../../helpers/with-app.ts';

const key = '0123456789abcdef0123456789abcdef';
const tconnect = {
  partner: 'tconnect',
  url: 'https://sme-open-api-sandbox.tconnect.vn',
  partnerCode: 'PARTNER-1',
  keyFormat: 'utf8',
  key,
  iv: 'key',
  label: 'Bán hàng',
};
const mailer = { id: 'mailer', label: 'Mailer', partner: 'bizmail', baseUrl: 'https://mailer.example' } as const;
const drive = { id: 'drive', label: 'Drive', partner: 'cloudreve', baseUrl: 'https://drive.example' } as const;

describe('add a profile', () => {
  it('writes it to the settings, its key to secret storage, and makes it the active one', async () => {
    const fake = fakeApp({ profiles: [mailer], replies: tconnect });
    await addProfile(fake.app);
    assert.deepEqual(fake.setting[1], {
      id: 'ban-hang',
      label: 'Bán hàng',
      partner: 'tconnect',
      baseUrl: 'https://sme-open-api-sandbox.tconnect.vn',
      partnerCode: 'PARTNER-1',
      cipher: { keyFormat: 'utf8', iv: { from: 'key' } },
    });
    assert.equal(fake.secrets.get('ban-hang')?.key, key);
    assert.ok(!JSON.stringify(fake.setting).includes(key));
    assert.equal(fake.app.profiles.active()?.id, 'ban-hang');
    assert.deepEqual(fake.questions, ['The profile Bán hàng was added.']);
  });

  it('changes nothing when given up at any step', async () => {
    for (const id of Object.keys(tconnect)) {
      const fake = fakeApp({ replies: { ...tconnect, [id]: cancel } });
      await addProfile(fake.app);
      assert.equal(fake.steps.at(-1)?.step.id, id);
      assert.deepEqual([fake.setting, fake.secrets.size], [[], 0], id);
    }
  });

  it('says so when the settings can not be written, and keeps no key', async () => {
    const fake = fakeApp({ replies: tconnect });
    fake.settingsAreReadOnly = true;
    await addProfile(fake.app);
    assert.match(fake.explanations[0]?.message ?? '', /could not be written to your settings/);
    assert.equal(fake.explanations[0]?.actions[0]?.run, 'openSettings');
    assert.equal(fake.secrets.size, 0);
  });

  it('goes on to the sign-in, which then asks no key', () =>
    withApp({ signedIn: false }, async ({ connection }) => {
      const { profile } = connection;
      const fake = fakeApp({
        replies: {
          ...correctReplies(connection),
          partner: 'tconnect',
          url: 'other',
          baseUrl: profile.baseUrl,
          partnerCode: profile.partnerCode ?? '',
          keyFormat: 'hex',
          iv: 'fixed hex',
          ivValue: connection.iv ?? '',
          label: 'ACME',
        },
        buttons: ['Sign In'],
      });
      await addProfile(fake.app);
      const asked = fake.steps.map(({ step }) => step.id);
      assert.equal(asked.filter((id) => id === 'key').length, 1);
      assert.equal(fake.app.sessions.status(fake.profile('acme')).phase, 'valid');
      await fake.app.sessions.close();
    }));

  it('gives a second profile of the same name an id of its own', async () => {
    const fake = fakeApp({ profiles: [{ ...mailer, id: 'ban-hang' }], replies: tconnect });
    await addProfile(fake.app);
    assert.equal(fake.setting[1]?.id, 'ban-hang-2');
  });
});

describe('start the sandbox', () => {
  it('adds its profile with all it needs, so that signing in asks for nothing', async () => {
    await using sandbox = await startSandbox();
    const fake = fakeApp({ sandbox: () => Promise.resolve(connectionTo(sandbox, 'tconnect')), buttons: ['Sign In'] });
    await startSandboxCommand(fake.app);
    assert.deepEqual(fake.steps, []);
    assert.equal(fake.app.sessions.status(fake.profile('tconnect')).phase, 'valid');
    assert.match(fake.questions[0] ?? '', new RegExp(`runs at ${sandbox.url}`));
    await fake.app.sessions.close();
  });

  it('keeps one profile however often it starts', async () => {
    await using sandbox = await startSandbox();
    const fake = fakeApp({ sandbox: () => Promise.resolve(connectionTo(sandbox, 'tconnect')) });
    await startSandboxCommand(fake.app);
    await startSandboxCommand(fake.app);
    assert.equal(fake.setting.length, 1);
    await fake.app.sessions.close();
  });

  it('explains that it did not start, and offers to try again', async () => {
    const fake = fakeApp();
    await startSandboxCommand(fake.app);
    assert.match(fake.explanations[0]?.message ?? '', /^Sandbox: an unexpected error/);
    assert.deepEqual(fake.setting, []);
  });
});

describe('sign-out', () => {
  it('forgets the tokens and keeps the key and the login fields', () =>
    withApp({}, async ({ fake, profile, connection }) => {
      await signOut(fake.app, profile);
      const record = fake.secrets.get(profile.id);
      assert.ok(record?.session !== undefined && 'signedOutAt' in record.session);
      assert.equal(record.key, connection.key);
      assert.equal(record.credentials?.username, connection.credentials.username);
      assert.equal(fake.app.sessions.status(profile).phase, 'signedOut');
      assert.equal(fake.briefs.at(-1), `Signed out of ${profile.label}.`);
    }));

  it('tells a partner that has a call for it', () =>
    withApp({ partner: 'cloudreve' }, async ({ fake, profile, sandbox }) => {
      await signOut(fake.app, profile);
      assert.equal(sandbox.journal.at(-1)?.call, 'logout');
    }));

  it('works with the partner away', () =>
    withApp({ partner: 'cloudreve' }, async ({ fake, profile, sandbox }) => {
      await sandbox.close();
      await signOut(fake.app, profile);
      assert.equal(fake.app.sessions.status(profile).phase, 'signedOut');
    }));

  it('works without the key', () =>
    withApp({}, async ({ fake, profile }) => {
      const store = await fake.app.sessions.store(profile);
      await store.update(({ key: _, ...record }) => record);
      await fake.app.sessions.release(profile);
      await signOut(fake.app, profile);
      const session = fake.secrets.get(profile.id)?.session;
      assert.ok(session !== undefined && 'signedOutAt' in session);
    }));

  it('of all profiles asks only where several are signed in', () =>
    withApp({}, async ({ fake, profile }) => {
      await signOutAll(fake.app);
      assert.deepEqual(fake.questions, []);
      assert.equal(fake.app.sessions.status(profile).phase, 'signedOut');
      assert.equal(fake.briefs.at(-1), 'Signed out of all profiles.');
    }));

  it('of all profiles stops at a no', async () => {
    await using sandbox = await startSandbox();
    const connections = (['bizmail', 'cloudreve'] as const).map((partner) => connectionTo(sandbox, partner));
    const fake = fakeApp({
      profiles: connections.map(({ profile }) => profile),
      replies: Object.assign({}, ...connections.map(correctReplies)) as Record<string, string>,
    });
    for (const { profile, credentials } of connections) {
      const store = await fake.app.sessions.store(fake.profile(profile.id));
      await store.update((record) => ({ ...record, credentials }));
      assert.ok(await signIn(fake.app, fake.profile(profile.id)));
    }
    await signOutAll(fake.app);
    assert.deepEqual(fake.questions, ['Sign out of all 2 profiles?']);
    for (const { profile } of connections) {
      assert.equal(fake.app.sessions.status(fake.profile(profile.id)).phase, 'valid');
    }
    await fake.app.sessions.close();
  });
});

describe('remove a profile', () => {
  it('asks, then forgets the profile and all its secrets', () =>
    withApp({ buttons: ['Remove'] }, async ({ fake, profile }) => {
      await removeProfile(fake.app, profile);
      assert.deepEqual(fake.questions, [`Remove ${profile.label} with its tokens, key and login fields?`]);
      assert.deepEqual([fake.setting, fake.secrets.size], [[], 0]);
    }));

  it('leaves everything where the question is dismissed', () =>
    withApp({}, async ({ fake, profile }) => {
      const before = fake.secrets.get(profile.id);
      await removeProfile(fake.app, profile);
      assert.equal(fake.setting.length, 1);
      assert.deepEqual(fake.secrets.get(profile.id), before);
    }));
});

describe('switch the profile', () => {
  it('lists the profiles with their state, and ends with a way to add one', () =>
    withApp({}, async ({ fake, profile }) => {
      await fake.app.profiles.save(mailer);
      await switchProfile(fake.app);
      assert.deepEqual(
        fake.lists[0]?.map(({ label, description }) => [label, description]),
        [
          [profile.label, 'signed in 9h · current'],
          ['Mailer', 'signed out'],
          ['$(add) Add a profile…', undefined],
        ],
      );
    }));

  it('makes the chosen one active', async () => {
    const fake = fakeApp({ profiles: [mailer, drive], choice: 'Drive' });
    await switchProfile(fake.app);
    assert.equal(fake.app.profiles.active()?.id, 'drive');
  });

  it('changes nothing without a choice', async () => {
    const fake = fakeApp({ profiles: [mailer, drive] });
    await switchProfile(fake.app);
    assert.equal(fake.app.profiles.active()?.id, 'mailer');
  });

  it('adds a profile where that was chosen', async () => {
    const fake = fakeApp({ profiles: [mailer], choice: '$(add) Add a profile…', replies: tconnect });
    await switchProfile(fake.app);
    assert.equal(fake.setting.length, 2);
  });
});

describe('the profile that a command is about', () => {
  const { app } = fakeApp({ profiles: [mailer, drive] });

  it('is the one it was given', () => assert.equal(chosenProfile(app, 'drive')?.id, 'drive'));
  it('is the active one where none was given', () => assert.equal(chosenProfile(app, undefined)?.id, 'mailer'));
  it('is none where there is no profile', () => assert.equal(chosenProfile(fakeApp().app, undefined), undefined));
});
