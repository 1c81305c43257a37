import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileStore, memoryStore, openSession, systemClock, type TokenStore } from '../../../core/index.ts';
import { startSandbox, type Sandbox } from '../../../core/sandbox/index.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const callsOf = ({ journal }: Sandbox): string[] => journal.map(({ call }) => call);

describe('the clock of a sandbox', () => {
  it('moves the session and the partner', async () => {
    await using sandbox = await startSandbox({ accessLifetime: 3_600 });
    const { bizmail } = sandbox.profiles;
    await using session = await openSession({ ...bizmail, clock: sandbox.clock });
    await session.login(bizmail.credentials);
    const first = await session.accessToken();
    sandbox.advance(3_600);
    assert.equal(session.status.phase, 'expired');
    assert.notEqual(await session.accessToken(), first);
    assert.equal(session.status.phase, 'valid');
    assert.deepEqual(callsOf(sandbox), ['login', 'refresh']);
  });

  it('moves a session in a file to its end', async () => {
    await using folder = await temporaryFolder();
    await using sandbox = await startSandbox({ refreshLifetime: 86_400 });
    const { clock, profiles } = sandbox;
    const store = fileStore(folder.file('session.json'), { clock });
    await using session = await openSession({ ...profiles.cloudreve, store, clock });
    await session.login(profiles.cloudreve.credentials);
    sandbox.advance(86_400);
    assert.equal(session.status.phase, 'ended');
  });

  it('calls the timers of a session when it is moved', async () => {
    await using sandbox = await startSandbox({ accessLifetime: 36_000 });
    const { tconnect } = sandbox.profiles;
    await using session = await openSession({ ...tconnect, clock: sandbox.clock, autoRefresh: true });
    await session.login(tconnect.credentials);
    const { promise: refreshed, resolve } = Promise.withResolvers<undefined>();
    sandbox.advance(35_900);
    session.on('change', ({ refreshing, phase }) => {
      if (!refreshing && phase === 'valid') resolve(undefined);
    });
    await refreshed;
    assert.deepEqual(callsOf(sandbox), ['login', 'refresh']);
  });

  it('calls timers in the order in which they are due, once, and no cancelled one', async () => {
    await using sandbox = await startSandbox();
    const { clock } = sandbox;
    const calls: string[] = [];
    clock.timer(20_000, () => calls.push('second'));
    clock.timer(10_000, () => calls.push('first'));
    clock.timer(15_000, () => calls.push('cancelled'))();
    clock.timer(40_000, () => calls.push('later'));
    const waited = clock.wait(20_000).then(() => calls.push('waited'));
    sandbox.advance(30);
    assert.deepEqual(calls, ['first', 'second']);
    await waited;
    sandbox.advance(5);
    assert.deepEqual(calls, ['first', 'second', 'waited']);
  });

  it('is moved by a number of seconds only', async () => {
    await using sandbox = await startSandbox();
    const before = sandbox.clock.monotonic();
    for (const seconds of [NaN, Infinity, '5', undefined, null])
      assert.throws(() => sandbox.advance(seconds as number), { name: 'TypeError', message: /a number of seconds/ });
    assert.ok(sandbox.clock.monotonic() - before < 5_000);
  });

  it('runs by itself at its rate', async () => {
    await using sandbox = await startSandbox({ clockRate: 1_000 });
    const { clock } = sandbox;
    const start = clock.monotonic();
    await clock.wait(10_000);
    assert.ok(clock.monotonic() - start >= 10_000);
    const fast = clock.wait(2_000_000_000);
    sandbox.set({ clockRate: 1e12 });
    await fast;
  });

  it('does not make a session younger when it is moved back', async () => {
    await using sandbox = await startSandbox({ accessLifetime: 3_600 });
    const { bizmail } = sandbox.profiles;
    await using session = await openSession({ ...bizmail, clock: sandbox.clock });
    await session.login(bizmail.credentials);
    sandbox.advance(3_600);
    assert.equal(session.status.phase, 'expired');
    sandbox.advance(-3_600);
    assert.equal(session.status.phase, 'expired');
  });

  for (const [name, create] of [
    ['memory', (clock) => memoryStore({ clock })],
    ['a file', (clock, file) => fileStore(file, { clock })],
  ] satisfies [string, (clock: Sandbox['clock'], file: string) => TokenStore][]) {
    it(`ends the wait for the lock of a store in ${name}`, async () => {
      await using folder = await temporaryFolder();
      await using sandbox = await startSandbox();
      const store = create(sandbox.clock, folder.file('session.json'));
      const controller = new AbortController();
      const { promise: held, resolve: onHeld } = Promise.withResolvers<undefined>();
      const holder = store.lock(() => {
        onHeld(undefined);
        return once(controller.signal, 'abort');
      });
      await held;
      const waiter = store.lock(() => Promise.resolve(), { timeout: 60_000 });
      sandbox.advance(61);
      await assert.rejects(waiter, { code: 'lock' });
      controller.abort();
      await holder;
    });
  }
});

describe('the option clock', () => {
  const options = { partner: 'bizmail', baseUrl: 'https://bizmail.example' } as const;

  it('is completed from the clocks of the machine', async () => {
    const start = systemClock.now();
    await using session = await openSession({ ...options, clock: { now: () => start + 1 } });
    assert.equal(session.status.phase, 'signedOut');
    await using other = await openSession({
      ...options,
      clock: new (class extends Object {
        now = Date.now;
      })(),
    });
    assert.equal(other.status.phase, 'signedOut');
  });

  for (const [clock, message] of [
    [{}, /^clock must be an object with one or more of the methods now, monotonic, timer, wait\.$/],
    [{ now: 5 }, /one or more of the methods/],
    [Date.now, /one or more of the methods/],
    [null, /one or more of the methods/],
    [{ now: Date.now, monotonc: () => 0 }, /Did you mean "monotonic"\?/],
  ] as const) {
    it(`is refused if it is no clock (${typeof clock === 'function' ? 'a function' : JSON.stringify(clock)})`, async () => {
      await assert.rejects(openSession({ ...options, clock: clock as never }), {
        code: 'configuration',
        setting: 'clock',
        message,
      });
      assert.throws(() => memoryStore({ clock: clock as never }), { code: 'configuration', message });
      assert.throws(() => fileStore('/nowhere/session.json', { clock: clock as never }), {
        code: 'configuration',
        message,
      });
    });
  }
});
