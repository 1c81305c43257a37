import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { terminalHost } from '../../../extension/commands/serve-terminals.ts';
import { withApp } from '../../helpers/with-app.ts';

describe('the profiles for programs in terminals', () => {
  it('have the reason why nothing is known about a session', () =>
    withApp({}, async ({ fake, profile }) => {
      const host = terminalHost(fake.app);
      const [before] = await host.profiles();
      assert.deepEqual([before?.id, before?.status.phase, before?.problem], [profile.id, 'valid', undefined]);
      await fake.app.sessions.close();
      const [after] = await host.profiles();
      assert.equal(after?.problem?.code, 'closed');
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
