import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { terminalHost } from '../../../extension/commands/serve-terminals.ts';
import { withApp } from '../../helpers/with-app.ts';

describe('the profiles for programs in terminals', () => {
  it('have the reason why a session cannot be read, unless it is open and works without the secret storage', () =>
    withApp({}, async ({ fake, profile }) => {
      const { app, secretStore } = fake;
      const host = terminalHost(app);
      const offered = async () =>
        (await host.profiles()).map(({ id, status, problem }) => [id, status.phase, problem?.code]);
      assert.deepEqual(await offered(), [[profile.id, 'valid', undefined]]);
      const session = await app.sessions.open(profile);
      secretStore.failing.add('get');
      assert.deepEqual(await offered(), [[profile.id, 'valid', undefined]]);
      assert.notEqual(await session.accessToken(), '');
      await app.sessions.release(profile);
      assert.equal((await host.profiles())[0]?.problem?.code, 'store');
      secretStore.failing.clear();
      const key = `profile:${profile.id}`;
      const stored = secretStore.entries.get(key) ?? '';
      secretStore.entries.set(key, '{"version":99}');
      assert.equal((await host.profiles())[0]?.problem?.code, 'store');
      secretStore.entries.set(key, stored);
      assert.deepEqual(await offered(), [[profile.id, 'valid', undefined]]);
      await app.sessions.close();
      assert.equal((await host.profiles())[0]?.problem?.code, 'closed');
    }));
});

describe('a session for programs in terminals', () => {
  it('is that of the profile as it was when the program started, or none', () =>
    withApp({}, async ({ fake, profile, connection }) => {
      const { app } = fake;
      const host = terminalHost(app);
      const [offered] = await host.profiles();
      assert.ok(offered !== undefined);
      assert.equal((await host.session(offered)).status.phase, 'valid');
      await app.profiles.save({ ...connection.profile, label: 'Another label' });
      assert.equal((await host.session(offered)).status.phase, 'valid');
      await app.profiles.save({ ...connection.profile, baseUrl: 'https://other.example' });
      await assert.rejects(host.session(offered), {
        code: 'configuration',
        message: `The profile ${profile.id} was changed in VS Code. Start the program again.`,
      });
      await app.profiles.remove(profile.id);
      await assert.rejects(host.session(offered), { code: 'configuration', message: /^There is no profile/ });
    }));
});

describe('a token for programs in terminals', () => {
  it('is allowed once for a profile, and again after it has another server', () =>
    withApp({ buttons: ['Allow'] }, async ({ fake, profile, connection }) => {
      const { app, confirmations } = fake;
      const host = terminalHost(app);
      assert.deepEqual([await host.allowToken(profile.id), await host.allowToken(profile.id)], [true, true]);
      assert.equal(confirmations.length, 1);
      await app.profiles.save({ ...connection.profile, baseUrl: 'https://other.example' });
      assert.equal(await host.allowToken(profile.id), false);
      assert.equal(confirmations.length, 2);
    }));

  it('is asked for again if it could not be asked', () =>
    withApp({}, async ({ fake, profile }) => {
      const { app } = fake;
      const failing = { ...app, ui: { ...app.ui, confirm: () => Promise.reject(new Error('No dialog.')) } };
      const host = terminalHost(failing);
      await assert.rejects(host.allowToken(profile.id), /No dialog/);
      failing.ui.confirm = () => Promise.resolve('Allow' as never);
      assert.equal(await host.allowToken(profile.id), true);
    }));
});
