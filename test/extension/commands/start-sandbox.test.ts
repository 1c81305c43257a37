import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { addProfile } from '../../../extension/commands/add-profile.ts';
import { startSandbox } from '../../../extension/commands/start-sandbox.ts';
import { sandboxHost, type SandboxHost } from '../../../extension/host/sandbox.ts';
import type { Profile } from '../../../core/profiles/index.ts';
import { english, fakeApp, type FakeApp, type FakeAppOptions } from '../../helpers/fake-app.ts';

const nothing = (): undefined => undefined;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const id = 'partner-auth.sandbox';
const mine = { id: 'mine', label: 'Mine', partner: 'bizmail', baseUrl: 'https://mailer.example' } as const;

interface Fixture {
  readonly fake: FakeApp;
  readonly sandbox: SandboxHost;
  /** Starts the sandbox as another window with the same settings and secrets would. */
  readonly otherWindow: SandboxHost;
  saved(id: string): Profile | undefined;
}

async function withSandbox(options: FakeAppOptions, test: (fixture: Fixture) => Promise<void>): Promise<void> {
  const sandbox = sandboxHost(silent, english, nothing);
  const otherWindow = sandboxHost(silent, english, nothing);
  const fake = fakeApp({ ...options, sandbox });
  try {
    await test({ fake, sandbox, otherWindow, saved: (id) => fake.savedProfiles.find((profile) => profile.id === id) });
  } finally {
    await fake.app.sessions.close();
    await sandbox.stop();
    await otherWindow.stop();
  }
}

describe('startSandbox', () => {
  it('adds a profile that can sign in without prompts', () =>
    withSandbox({ buttons: ['Sign In'] }, async ({ fake, sandbox }) => {
      await startSandbox(fake.app);
      assert.deepEqual(fake.steps, []);
      assert.equal(fake.app.sessions.status(fake.profile(id)).phase, 'valid');
      assert.equal(fake.app.profiles.active()?.id, id);
      const { profile } = (await sandbox.running()) ?? {};
      assert.deepEqual(fake.questions, [
        `The sandbox partner is running at ${profile?.baseUrl ?? ''}. Its profile Sandbox is ready.`,
      ]);
    }));

  it('leaves a profile of the user alone, whatever its id', async () => {
    for (const own of ['sandbox', id, `${id}-2`]) {
      await withSandbox({ profiles: [{ ...mine, id: own }] }, async ({ fake, saved }) => {
        const store = await fake.app.sessions.store(fake.profile(own));
        await store.update((record) => ({ ...record, credentials: { email: 'ann@mailer.example', password: 'mine' } }));
        const before = fake.secrets.get(own);
        await startSandbox(fake.app);
        assert.deepEqual(saved(own), { ...mine, id: own });
        assert.deepEqual(fake.secrets.get(own), before);
        assert.equal(fake.savedProfiles.length, 2);
        const added = fake.savedProfiles[1]?.id ?? '';
        assert.equal(fake.app.profiles.active()?.id, added);
        assert.match(added, /^partner-auth\.sandbox(-2)?$/);
      });
    }
  });

  it('leaves an invalid entry with its id alone', () => {
    const invalid = { id, label: 'Sandbox', partner: 'tconnect', baseUrl: 'http://127.0.0.1:1' } as const;
    return withSandbox({ profiles: [invalid] }, async ({ fake }) => {
      assert.deepEqual(fake.app.profiles.list(), [], 'it has no cipher settings');
      await startSandbox(fake.app);
      assert.deepEqual(fake.savedProfiles[0], invalid);
      assert.deepEqual(fake.writes, [`${id}-2`]);
    });
  });

  it('uses no id for which secret storage still holds something', () =>
    withSandbox({ profiles: [{ ...mine, id }] }, async ({ fake }) => {
      const store = await fake.app.sessions.store(fake.profile(id));
      await store.update((record) => ({ ...record, credentials: { password: 'mine' } }));
      await fake.app.profiles.remove(id);
      await startSandbox(fake.app);
      assert.deepEqual(fake.writes, [`${id}-2`]);
      assert.equal(fake.secrets.get(id)?.credentials?.password, 'mine');
    }));

  it('writes neither settings nor secrets when it starts again, on the same port with the same account', () =>
    withSandbox({ buttons: ['', 'Sign In'] }, async ({ fake, sandbox, saved }) => {
      await startSandbox(fake.app);
      const before = [saved(id), JSON.stringify(fake.secrets.get(id))];
      const first = await sandbox.running();
      await sandbox.stop();
      fake.secretWrites.length = 0;
      await startSandbox(fake.app);
      assert.deepEqual(await sandbox.running(), first);
      assert.deepEqual(fake.writes, [id]);
      assert.deepEqual([saved(id), before[1]], before);
      assert.equal(fake.app.sessions.status(fake.profile(id)).phase, 'valid');
    }));

  it('writes no secret that is stored', () =>
    withSandbox({}, async ({ fake, sandbox }) => {
      await startSandbox(fake.app);
      await startSandbox(fake.app);
      await sandbox.stop();
      await startSandbox(fake.app);
      assert.deepEqual(fake.secretWrites, [`profile:${id}`]);
      assert.equal(fake.questions.length, 3);
    }));

  it("keeps the user's edits to its profile", () =>
    withSandbox({ buttons: ['', 'Sign In'] }, async ({ fake, sandbox, saved }) => {
      await startSandbox(fake.app);
      await sandbox.stop();
      const profile = saved(id);
      assert.ok(profile);
      const edited = {
        ...profile,
        label: 'My test partner',
        baseUrl: profile.baseUrl.replace('127.0.0.1', 'localhost'),
        partnerCode: 'MY-CODE',
        cipher: { keyFormat: 'hex', iv: { from: 'prefix' }, output: 'base64' },
        extraFields: { login: { grant_type: 'password' } },
      } as const;
      await fake.app.profiles.save(edited);
      await startSandbox(fake.app);
      assert.deepEqual(fake.savedProfiles, [edited]);
      assert.deepEqual(fake.writes, [id, id], 'only by the sandbox at first, and by the user');
    }));

  it('starts again as the profile was changed to', () =>
    withSandbox({ buttons: ['', 'Sign In'] }, async ({ fake, sandbox, saved }) => {
      await startSandbox(fake.app);
      await sandbox.stop();
      const profile = saved(id);
      assert.ok(profile);
      const cipher = { keyFormat: 'hex', iv: { from: 'prefix' }, output: 'base64' } as const;
      await fake.app.profiles.save({ ...profile, partnerCode: 'MY-CODE', cipher });
      await startSandbox(fake.app);
      assert.equal(fake.app.sessions.status(fake.profile(id)).phase, 'valid');
    }));

  it('adds a second profile, and moves none, while another window runs the sandbox of the first', () =>
    withSandbox({}, async ({ fake, sandbox, otherWindow, saved }) => {
      await startSandbox(fake.app);
      await sandbox.stop();
      const first = saved(id);
      const port = Number(new URL(first?.baseUrl ?? '').port);
      assert.ok((await otherWindow.start({ port })) !== undefined);
      await startSandbox(fake.app);
      assert.deepEqual(saved(id), first);
      assert.notEqual(saved(`${id}-2`)?.baseUrl, first?.baseUrl);
      assert.equal(fake.app.profiles.active()?.id, `${id}-2`);
      // Each keeps its own from then on.
      await sandbox.stop();
      await otherWindow.stop();
      await startSandbox(fake.app);
      assert.equal((await sandbox.running())?.profile.baseUrl, first?.baseUrl);
      assert.equal(fake.savedProfiles.length, 2);
    }));

  it('moves no profile when another program has its port', () =>
    withSandbox({}, async ({ fake, sandbox, saved }) => {
      await startSandbox(fake.app);
      await sandbox.stop();
      const first = saved(id);
      const server = createServer();
      await new Promise<void>((resolve) =>
        server.listen(Number(new URL(first?.baseUrl ?? '').port), '127.0.0.1', resolve),
      );
      await startSandbox(fake.app);
      assert.deepEqual(saved(id), first);
      assert.notEqual(
        (await sandbox.running())?.profile.baseUrl,
        `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      );
      await new Promise((resolve) => server.close(resolve));
    }));

  for (const [answer, buttons] of [
    ['replaces', ['', 'Replace']],
    ['keeps', ['', '']],
  ] as const) {
    it(`${answer} other secrets of its profile after asking`, () =>
      withSandbox({ buttons }, async ({ fake, sandbox }) => {
        await startSandbox(fake.app);
        const { key } = (await sandbox.running()) ?? {};
        const store = await fake.app.sessions.store(fake.profile(id));
        await store.update((record) => ({ ...record, key: 'f'.repeat(64) }));
        await startSandbox(fake.app);
        assert.equal(
          fake.confirmations[0],
          'Replace the secrets of the profile Sandbox?\nIts stored key or login fields are not those of the sandbox. This cannot be undone.',
        );
        assert.equal(fake.secrets.get(id)?.key, answer === 'replaces' ? key : 'f'.repeat(64));
      }));
  }

  it('asks before it replaces the secrets of another address', () =>
    withSandbox({ profiles: [{ ...mine, id }] }, async ({ fake }) => {
      const store = await fake.app.sessions.store(fake.profile(id));
      await store.update((record) => ({ ...record, credentials: { password: 'mine' } }));
      const cipher = { keyFormat: 'hex', iv: { from: 'prefix' } } as const;
      const moved = { ...mine, id, partner: 'tconnect', partnerCode: 'MY', baseUrl: 'http://127.0.0.1:47123', cipher };
      await fake.app.profiles.save(moved);
      await startSandbox(fake.app);
      assert.match(fake.confirmations[0] ?? '', /not those of the sandbox/);
      assert.equal(fake.secrets.get(id)?.credentials?.password, 'mine');
    }));

  it('restores secrets that are lost, without a question', () =>
    withSandbox({ buttons: ['', 'Sign In'] }, async ({ fake, sandbox }) => {
      await startSandbox(fake.app);
      await sandbox.stop();
      await (await fake.app.sessions.store(fake.profile(id))).forget();
      await startSandbox(fake.app);
      assert.equal(fake.savedProfiles.length, 1);
      assert.equal(fake.app.sessions.status(fake.profile(id)).phase, 'valid');
    }));

  it('reports that the sandbox failed to start, and adds no profile', async () => {
    const fake = fakeApp();
    await startSandbox(fake.app);
    assert.match(fake.notifications[0]?.message ?? '', /^Sandbox: an unexpected error/);
    assert.deepEqual(fake.savedProfiles, []);
  });
});

describe('the id of the sandbox profile', () => {
  it('cannot result from the name of a profile', async () => {
    for (const label of ['Sandbox', 'partner-auth.sandbox', 'Partner-Auth Sandbox']) {
      const url = 'https://mailer.example';
      const fake = fakeApp({ replies: { partner: 'bizmail', url: 'other', baseUrl: url, label } });
      await addProfile(fake.app);
      assert.doesNotMatch(fake.savedProfiles[0]?.id ?? '.', /\./);
    }
  });
});
