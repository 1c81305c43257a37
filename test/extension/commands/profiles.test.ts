import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { addProfile } from '../../../extension/commands/add-profile.ts';
import { signIn } from '../../../extension/commands/sign-in.ts';
import { removeProfile, signOut, signOutAll } from '../../../extension/commands/sign-out.ts';
import { switchProfile } from '../../../extension/commands/switch-profile.ts';
import { forProfile, resolveProfile } from '../../../extension/commands/run-command.ts';
import { PartnerAuthError } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import type { Notification } from '../../../extension/model/messages.ts';
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

describe('addProfile', () => {
  it('saves the profile in the settings and its key in secret storage, and activates the profile', async () => {
    const fake = fakeApp({ profiles: [mailer], replies: tconnect });
    await addProfile(fake.app);
    assert.deepEqual(fake.savedProfiles[1], {
      id: 'ban-hang',
      label: 'Bán hàng',
      partner: 'tconnect',
      baseUrl: 'https://sme-open-api-sandbox.tconnect.vn',
      partnerCode: 'PARTNER-1',
      cipher: { keyFormat: 'utf8', iv: { from: 'key' } },
    });
    assert.equal(fake.secrets.get('ban-hang')?.key, key);
    assert.ok(!JSON.stringify(fake.savedProfiles).includes(key));
    assert.equal(fake.app.profiles.active()?.id, 'ban-hang');
    assert.deepEqual(fake.questions, ['The profile Bán hàng was added.']);
  });

  it('uses pasted values without what cannot belong to them', async () => {
    const pasted = { partnerCode: ' PARTNER-1\u200b', key: `${key}\r\n`, label: ' Bán hàng\ufeff' };
    const fake = fakeApp({ replies: { ...tconnect, ...pasted } });
    await addProfile(fake.app);
    assert.deepEqual([fake.savedProfiles[0]?.partnerCode, fake.savedProfiles[0]?.label], ['PARTNER-1', 'Bán hàng']);
    assert.equal(fake.secrets.get('ban-hang')?.key, key);
  });

  it('asks the server whether it is the partner, and says which address was called', async () => {
    await using sandbox = await startSandbox();
    const added = async (baseUrl: string) => {
      const fake = fakeApp({ replies: { partner: 'cloudreve', baseUrl, label: 'Drive' } });
      await addProfile(fake.app);
      return [fake.savedProfiles[0]?.baseUrl, ...fake.doubts];
    };
    const { host } = new URL(sandbox.url);
    assert.deepEqual(await added(`${host}/api/v4`), [sandbox.url]);
    assert.deepEqual(await added(`${sandbox.url}/home?path=x`), [sandbox.url]);
    const wrong = `${sandbox.url}/home/api/v4/session/token/refresh`;
    assert.deepEqual(await added(`${sandbox.url}/home`), [
      sandbox.url,
      `${wrong} does not respond like Cloudreve, but ${sandbox.url} does. Press Enter to use it.`,
    ]);
    await sandbox.close();
    assert.deepEqual(await added(sandbox.url), [
      sandbox.url,
      `${sandbox.url}/api/v4/session/token/refresh could not be reached. Correct the address, or press Enter again to use it anyway.`,
    ]);
  });

  it('changes nothing when cancelled at any step', async () => {
    for (const id of Object.keys(tconnect)) {
      const fake = fakeApp({ replies: { ...tconnect, [id]: cancel } });
      await addProfile(fake.app);
      assert.equal(fake.steps.at(-1)?.step.id, id);
      assert.deepEqual([fake.savedProfiles, fake.secrets.size], [[], 0], id);
    }
  });

  it('reports that the settings cannot be saved, and stores no key', async () => {
    const fake = fakeApp({ replies: tconnect });
    fake.areSettingsReadOnly = true;
    await addProfile(fake.app);
    assert.match(fake.notifications[0]?.message ?? '', /could not be saved to your settings/);
    assert.equal(fake.notifications[0]?.actions[0]?.command, 'openSettings');
    assert.equal(fake.secrets.size, 0);
  });

  it('continues by itself with a sign-in that does not ask for the key again', () =>
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
      });
      await addProfile(fake.app);
      const asked = fake.steps.map(({ step }) => step.id);
      assert.equal(asked.filter((id) => id === 'key').length, 1);
      assert.deepEqual(fake.questions, ['The profile ACME was added.']);
      assert.equal(fake.app.sessions.status(fake.profile('acme')).phase, 'valid');
      await fake.app.sessions.close();
    }));

  it('gives a new profile no id that an entry of the settings or a stored secret has', async () => {
    const invalid = { ...mailer, id: 'ban-hang', baseUrl: 'ftp://mailer.example' };
    const fake = fakeApp({ profiles: [invalid, { ...mailer, id: 'ban-hang-2' }], replies: tconnect });
    // The user has deleted this one from the settings by hand.
    const removed = { ...mailer, id: 'ban-hang-3' };
    await fake.app.profiles.save(removed);
    const store = await fake.app.sessions.store(fake.profile('ban-hang-3'));
    await store.update((record) => ({ ...record, credentials: { username: 'ann' } }));
    await fake.app.profiles.remove('ban-hang-3');
    await addProfile(fake.app);
    assert.deepEqual(
      fake.savedProfiles.map(({ id }) => id),
      ['ban-hang', 'ban-hang-2', 'ban-hang-4'],
    );
    assert.deepEqual(fake.savedProfiles[0], invalid);
    assert.deepEqual(fake.secrets.get('ban-hang-3')?.credentials, { username: 'ann' });
    await fake.app.sessions.close();
  });

  it('gives a second profile of the same name a unique id', async () => {
    const fake = fakeApp({ profiles: [{ ...mailer, id: 'ban-hang' }], replies: tconnect });
    await addProfile(fake.app);
    assert.equal(fake.savedProfiles[1]?.id, 'ban-hang-2');
  });
});

const titles = (notification: Notification | undefined) => notification?.actions.map(({ title }) => title);

/** Selects the first button of a notification. */
async function run(notification: Notification | undefined): Promise<void> {
  const command = notification?.actions[0]?.command;
  assert.ok(typeof command === 'function');
  await command();
}

describe('signOut', () => {
  it('deletes the tokens and keeps the key and the login fields', () =>
    withApp({}, async ({ fake, profile, connection }) => {
      await signOut(fake.app, profile);
      const record = fake.secrets.get(profile.id);
      assert.ok(record?.session !== undefined && 'signedOutAt' in record.session);
      assert.equal(record.key, connection.key);
      assert.equal(record.credentials?.username, connection.credentials.username);
      assert.equal(fake.app.sessions.status(profile).phase, 'signedOut');
      assert.equal(fake.statusMessages.at(-1), `Signed out of ${profile.label}.`);
    }));

  it('calls logout at a partner that supports it', () =>
    withApp({ partner: 'cloudreve' }, async ({ fake, profile, sandbox }) => {
      await signOut(fake.app, profile);
      assert.equal(sandbox.journal.at(-1)?.call, 'logout');
    }));

  it('says that the partner may still accept the refresh token, until when, and revokes it on Try Again', () =>
    withApp({ partner: 'cloudreve' }, async ({ fake, profile, sandbox }) => {
      const { refreshExpiresAt = 0 } = fake.app.sessions.status(profile);
      sandbox.fail('resetBefore', { call: 'logout', times: Infinity });
      await signOut(fake.app, profile);
      assert.ok(!fake.statusMessages.includes(`Signed out of ${profile.label}.`));
      const deadline = new Date(refreshExpiresAt).toISOString();
      assert.equal(
        fake.notifications[0]?.message,
        `Signed out of ${profile.label} here only: the partner could not be reached. It may still accept the refresh token until ${deadline}. The token is kept in the memory of this window only, so that you can try again.`,
      );
      assert.deepEqual(titles(fake.notifications[0]), ['Try Again', 'Show Log']);
      const { session } = fake.secrets.get(profile.id) ?? {};
      assert.ok(session !== undefined && !('tokens' in session));

      await run(fake.notifications[0]);
      assert.deepEqual(titles(fake.notifications[1]), ['Try Again', 'Show Log'], 'it fails again');
      sandbox.heal();
      await run(fake.notifications[1]);
      assert.equal(fake.statusMessages.at(-1), `${profile.label} has revoked the refresh token.`);
      assert.equal(fake.notifications.length, 2);
    }));

  it('says so for each profile when signing out of all of them, and when removing one', () =>
    withApp({ partner: 'cloudreve', buttons: ['Remove'] }, async ({ fake, profile, sandbox }) => {
      sandbox.fail({ status: 503 }, { call: 'logout', times: Infinity });
      await signOutAll(fake.app);
      assert.match(fake.notifications[0]?.message ?? '', /here only: the partner is unavailable\. It may still accept/);
      assert.ok(!fake.statusMessages.includes('Signed out of all profiles.'));

      assert.ok(await signIn(fake.app, profile));
      await removeProfile(fake.app, profile);
      assert.equal(fake.savedProfiles.length, 0);
      sandbox.heal();
      await run(fake.notifications[1]);
      assert.equal(fake.statusMessages.at(-1), `${profile.label} has revoked the refresh token.`);
    }));

  for (const [partner, name] of [
    ['tconnect', 'TCONNECT'],
    ['bizmail', 'BizMail'],
  ] as const) {
    it(`says until when ${name}, which has no logout call, may accept the tokens`, () =>
      withApp({ partner }, async ({ fake, profile }) => {
        const { refreshExpiresAt = 0 } = fake.app.sessions.status(profile);
        await signOut(fake.app, profile);
        assert.equal(fake.statusMessages.at(-1), `Signed out of ${profile.label}.`);
        assert.deepEqual(fake.notifications, [
          {
            message: `${name} has no logout call: it may accept the tokens of ${profile.label} until ${new Date(refreshExpiresAt).toISOString()}.`,
            requiresUser: true,
            // Without a button, VS Code would truncate it before the deadline.
            actions: [{ title: 'Show Log', command: 'showLog' }],
          },
        ]);
        await signOut(fake.app, profile);
        assert.equal(fake.notifications.length, 1, 'nothing is left the second time');
      }));
  }

  it('says in one message what the sign-outs from several profiles have left, and revokes what it can on Try Again', async () => {
    await using sandbox = await startSandbox();
    const connections = (['tconnect', 'bizmail', 'cloudreve'] as const).map((partner) =>
      connectionTo(sandbox, partner),
    );
    const fake = fakeApp({
      profiles: connections.map(({ profile }) => profile),
      replies: Object.assign({}, ...connections.map(correctReplies)) as Record<string, string>,
      buttons: ['Sign Out'],
    });
    for (const { profile, key, iv, credentials } of connections) {
      const store = await fake.app.sessions.store(fake.profile(profile.id));
      await store.update((record) => ({ ...record, key, ...(iv !== undefined && { iv }), credentials }));
      assert.ok(await signIn(fake.app, fake.profile(profile.id)));
    }
    sandbox.fail({ status: 503 }, { call: 'logout', times: Infinity });
    await signOutAll(fake.app);
    assert.equal(fake.notifications.length, 1);
    assert.match(
      fake.notifications[0]?.message ?? '',
      /^Signed out here only, and the tokens may still be accepted: ACME cloudreve \(until \S+\)\. The partner has no logout call, and the tokens may still be accepted: ACME tconnect \(until \S+\), ACME bizmail \(until \S+\)\. The tokens are kept/,
    );
    assert.deepEqual(titles(fake.notifications[0]), ['Try Again', 'Show Log']);
    sandbox.heal();
    await run(fake.notifications[0]);
    assert.equal(fake.statusMessages.at(-1), 'ACME cloudreve has revoked the refresh token.');
    assert.equal(fake.notifications.length, 1);
    await fake.app.sessions.close();
  });

  it('says so when the session cannot be opened to notify the partner', () =>
    withApp({ partner: 'cloudreve' }, async ({ fake, profile }) => {
      await fake.app.sessions.release(profile);
      const { sessions } = fake.app;
      const open = sessions.open.bind(sessions);
      sessions.open = () => Promise.reject(new PartnerAuthError('configuration', 'The file of caFile is missing.'));
      await signOut(fake.app, profile);
      sessions.open = open;
      assert.match(
        fake.notifications[0]?.message ?? '',
        /could not be notified\. It may still accept the refresh token until/,
      );
      assert.deepEqual(titles(fake.notifications[0]), ['Show Log']);
      assert.equal(sessions.status(profile).phase, 'signedOut');
    }));

  it('reports that nobody is signed in', async () => {
    const fake = fakeApp({ profiles: [mailer] });
    await signOutAll(fake.app);
    assert.deepEqual(fake.statusMessages, ['You are not signed in to any profile.']);
    assert.deepEqual(fake.questions, []);
  });

  it('succeeds when the partner is unreachable', () =>
    withApp({ partner: 'cloudreve' }, async ({ fake, profile, sandbox }) => {
      await sandbox.close();
      await signOut(fake.app, profile);
      assert.equal(fake.app.sessions.status(profile).phase, 'signedOut');
    }));

  it('succeeds without the stored key', () =>
    withApp({}, async ({ fake, profile }) => {
      const store = await fake.app.sessions.store(profile);
      await store.update(({ key: _, ...record }) => record);
      await fake.app.sessions.release(profile);
      await signOut(fake.app, profile);
      const session = fake.secrets.get(profile.id)?.session;
      assert.ok(session !== undefined && 'signedOutAt' in session);
    }));

  it('names the keyring when it cannot delete the stored session, and succeeds when tried again', () =>
    withApp({}, async ({ fake, profile }) => {
      fake.secretStore.failing.add('set');
      await signOut(fake.app, profile);
      assert.match(fake.notifications[0]?.message ?? '', /could not be deleted\. Unlock the keyring/);
      assert.equal(fake.notifications[0]?.actions[0]?.command, 'signOut');
      fake.secretStore.failing.clear();
      await signOut(fake.app, profile);
      const session = fake.secrets.get(profile.id)?.session;
      assert.ok(session !== undefined && 'signedOutAt' in session);
      assert.equal(fake.app.sessions.status(profile).phase, 'signedOut');
    }));

  it('signs out of all profiles without confirmation when only one is signed in', () =>
    withApp({}, async ({ fake, profile }) => {
      await signOutAll(fake.app);
      assert.deepEqual(fake.confirmations, []);
      assert.equal(fake.app.sessions.status(profile).phase, 'signedOut');
      assert.equal(fake.statusMessages.at(-1), 'Signed out of all profiles.');
    }));

  it('signs out of no profile when the confirmation is dismissed', async () => {
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
    assert.match(fake.confirmations[0] ?? '', /^Sign out of all 2 profiles\?\n/);
    for (const { profile } of connections) {
      assert.equal(fake.app.sessions.status(fake.profile(profile.id)).phase, 'valid');
    }
    await fake.app.sessions.close();
  });
});

describe('removeProfile', () => {
  it('deletes the profile and all its secrets after confirmation', () =>
    withApp({ buttons: ['Remove'] }, async ({ fake, profile }) => {
      await removeProfile(fake.app, profile);
      assert.equal(fake.confirmations[0]?.split('\n')[0], `Remove the profile ${profile.label}?`);
      assert.deepEqual(fake.questions, [], 'a notification is no place for this question');
      assert.deepEqual([fake.savedProfiles, fake.secrets.size], [[], 0]);
    }));

  it('changes nothing when the confirmation is dismissed', () =>
    withApp({}, async ({ fake, profile }) => {
      const before = fake.secrets.get(profile.id);
      await removeProfile(fake.app, profile);
      assert.equal(fake.savedProfiles.length, 1);
      assert.deepEqual(fake.secrets.get(profile.id), before);
    }));
});

describe('switchProfile', () => {
  it('lists the profiles with their state, followed by Add Profile', () =>
    withApp({}, async ({ fake, profile }) => {
      await fake.app.profiles.save(mailer);
      await switchProfile(fake.app);
      assert.deepEqual(
        fake.pickLists[0]?.map(({ label, description }) => [label, description]),
        [
          [profile.label, 'signed in 9h · current'],
          ['Mailer', 'signed out'],
          ['$(add) Add Profile…', undefined],
        ],
      );
    }));

  it('activates the selected profile', async () => {
    const fake = fakeApp({ profiles: [mailer, drive], choice: 'Drive' });
    await switchProfile(fake.app);
    assert.equal(fake.app.profiles.active()?.id, 'drive');
  });

  it('changes nothing when cancelled', async () => {
    const fake = fakeApp({ profiles: [mailer, drive] });
    await switchProfile(fake.app);
    assert.equal(fake.app.profiles.active()?.id, 'mailer');
  });

  it('adds a profile on Add Profile', async () => {
    const fake = fakeApp({ profiles: [mailer], choice: '$(add) Add Profile…', replies: tconnect });
    await switchProfile(fake.app);
    assert.equal(fake.savedProfiles.length, 2);
  });
});

describe('resolveProfile', () => {
  const { app } = fakeApp({ profiles: [mailer, drive] });

  it('returns the profile with the given id', () => assert.equal(resolveProfile(app, 'drive')?.id, 'drive'));
  it('returns the active profile without an id', () => assert.equal(resolveProfile(app, undefined)?.id, 'mailer'));
  it('returns undefined when there is no profile', () =>
    assert.equal(resolveProfile(fakeApp().app, undefined), undefined));
});

describe('forProfile', () => {
  const run = async (id: unknown, profiles: readonly (typeof mailer | typeof drive)[] = [mailer, drive]) => {
    const fake = fakeApp({ profiles });
    const ran: string[] = [];
    await forProfile(
      fake.app,
      id,
      (_, profile) => Promise.resolve(ran.push(profile.id)),
      () => Promise.resolve(ran.push('none')),
    );
    return { ran, questions: fake.questions };
  };

  it('runs the command for the profile that the argument names, or for the active one', async () => {
    assert.deepEqual(await run('drive'), { ran: ['drive'], questions: [] });
    assert.deepEqual(await run(undefined), { ran: ['mailer'], questions: [] });
    assert.deepEqual(await run(undefined, []), { ran: ['none'], questions: [] });
  });

  for (const wrong of [null, 0, 7, true, '', {}, { id: 'drive' }, ['drive'], [], () => 'drive']) {
    it(`runs nothing for the argument ${inspect(wrong)}, and says what is expected`, async () => {
      for (const profiles of [[mailer, drive], []]) {
        const { ran, questions } = await run(wrong, profiles);
        assert.deepEqual(ran, []);
        assert.deepEqual(questions.length, 1);
        assert.match(questions[0] ?? '', /must be the id of a profile.*keybindings/);
      }
    });
  }

  it('runs nothing for a profile that does not exist, and names it', async () => {
    assert.deepEqual(await run('nobody'), { ran: [], questions: ['There is no profile "nobody".'] });
  });
});
