import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { startSandbox, type SandboxOptions } from '../../../core/sandbox/index.ts';
import * as client from './clients.ts';

const { allPartners, isAccepted, login, refresh, signIn, tokensOf } = client;

describe('sandbox scenarios', () => {
  for (const partner of allPartners) {
    it(`${partner}: supports lifetimes of one second`, async () => {
      const clock = client.frozenClock();
      await using sandbox = await startSandbox({ accessLifetime: 1, refreshLifetime: 2, clock: clock.read });
      const { access, refresh: token } = await signIn(sandbox, partner);
      clock.now += 999;
      assert.equal(await isAccepted(sandbox, partner, access), true);
      clock.now += 1;
      assert.equal(await isAccepted(sandbox, partner, access), false);
      assert.equal(client.lastOutcome(sandbox), 'expired');
      clock.now += 1000;
      assert.equal(tokensOf(await refresh(sandbox, partner, token)), undefined);
      assert.equal(client.lastOutcome(sandbox), 'expired');
    });

    it(`${partner}: sends the time of the sandbox's clock in the Date header`, async () => {
      const clock = client.frozenClock();
      await using sandbox = await startSandbox({ clock: clock.read });
      sandbox.advance(86_400);
      const { headers } = await login(sandbox, partner);
      assert.equal(headers.get('date'), new Date(clock.now + 86_400_000).toUTCString());
    });
  }

  it('changes the rate of its clock without a jump', async () => {
    const clock = client.frozenClock(1_000_000);
    await using sandbox = await startSandbox({ clockRate: 60, clock: clock.read });
    clock.now += 1000;
    assert.equal(sandbox.now(), 1_060_000);
    sandbox.set({ clockRate: 1 });
    clock.now += 1000;
    assert.equal(sandbox.now(), 1_061_000);
    sandbox.advance(-61);
    assert.equal(sandbox.now(), 1_000_000);
  });

  it('changes a scenario while it runs, and restores the default for undefined', async () => {
    await using sandbox = await startSandbox();
    sandbox.set({ accessLifetime: 5 });
    assert.equal((await login(sandbox, 'bizmail')).json.expires_in, 5);
    sandbox.set({ accessLifetime: undefined });
    assert.equal((await login(sandbox, 'bizmail')).json.expires_in, 86_400);
    assert.equal(sandbox.scenarios.accessLifetime, undefined);
    assert.ok(Object.isFrozen(sandbox.scenarios));
  });

  it('responds after the delay', async () => {
    await using sandbox = await startSandbox({ delay: 40 });
    const started = performance.now();
    await login(sandbox, 'bizmail');
    assert.ok(performance.now() - started >= 39);
  });

  const wrong: [unknown, RegExp][] = [
    [{ acessLifetime: 1 }, /Unknown sandbox option "acessLifetime"/],
    [{ port: '0' }, /port must be an integer from 0 to 65535/],
    [{ port: 65_536 }, /port must be an integer from 0 to 65535/],
    ['tconnect', /options of startSandbox\(\) must be an object/],
    [{ accessLifetime: -1 }, /accessLifetime must be a number of at least 0/],
    [{ refreshLifetime: Number.NaN }, /refreshLifetime/],
    [{ clockRate: 0 }, /clockRate must be a number above 0/],
    [{ rotation: 'sometimes' }, /rotation must be one of reuseAllowed, strict, reuseDetection/],
    [{ twoFactor: 1 }, /twoFactor must be true or false/],
    [{ certificate: 'expired' }, /certificate requires https/],
    [{ accounts: { tconnect: { cipher: { key: 'short' } } } }, /cipher\.key must be 32 bytes as utf8, got 5/],
    [
      { accounts: { tconnect: { cipher: { iv: { from: 'fixed', value: '00', format: 'hex' } } } } },
      /iv must be 16 bytes/,
    ],
  ];
  for (const [options, message] of wrong) {
    it(`refuses ${inspect(options, { depth: 5, breakLength: Infinity, compact: 9 })}`, async () => {
      await assert.rejects(startSandbox(options as SandboxOptions), { name: 'TypeError', message });
    });
  }

  it('keeps its scenarios when a change is refused', async () => {
    await using sandbox = await startSandbox();
    assert.throws(() => sandbox.set({ delay: 5, graceTime: -1 }), TypeError);
    assert.equal(sandbox.scenarios.delay, 0);
  });

  it('generates new accounts at every start', async () => {
    await using first = await startSandbox();
    await using second = await startSandbox();
    assert.notEqual(first.profiles.tconnect.partnerCode, second.profiles.tconnect.partnerCode);
    assert.notEqual(first.profiles.tconnect.cipher.key, second.profiles.tconnect.cipher.key);
    for (const partner of allPartners) {
      assert.notDeepEqual(first.profiles[partner].credentials, second.profiles[partner].credentials);
    }
  });

  it('uses the accounts it is given', async () => {
    const accounts = {
      tconnect: { partnerCode: 'M-1', credentials: { username: 'u@example.com' } },
      cloudreve: { credentials: { email: 'a@example.com', password: 'pass' } },
    };
    await using sandbox = await startSandbox({ accounts });
    assert.equal(sandbox.profiles.tconnect.partnerCode, 'M-1');
    assert.equal(sandbox.profiles.tconnect.credentials.username, 'u@example.com');
    assert.equal(sandbox.profiles.tconnect.credentials.client_id.length, 22);
    assert.equal(
      (await client.postJson(`${sandbox.url}/api/v4/session/token`, accounts.cloudreve.credentials)).json.code,
      0,
    );
  });

  it('reveals no credentials when a profile is spread, serialized or inspected', async () => {
    await using sandbox = await startSandbox();
    for (const partner of allPartners) {
      const profile = sandbox.profiles[partner];
      for (const secret of Object.values(profile.credentials)) {
        for (const output of [
          JSON.stringify({ ...profile }),
          JSON.stringify(sandbox.profiles),
          inspect(sandbox, { depth: 9 }),
        ]) {
          assert.equal(output.includes(String(secret)), false);
        }
      }
      assert.equal(profile.partner, partner);
      assert.equal(profile.baseUrl, sandbox.url);
    }
  });
});
