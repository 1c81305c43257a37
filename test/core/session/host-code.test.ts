import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { memoryStore, PartnerAuthError, type Logger, type TokenStore } from '../../../core/index.ts';
import { withSession } from '../../helpers/with-session.ts';

/** What a listener, a logger or a watcher of the host program can do wrong. */
const misbehaviours: readonly (readonly [title: string, act: () => unknown])[] = [
  [
    'throws',
    () => {
      throw new Error('The host failed.');
    },
  ],
  [
    'throws undefined',
    () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- other people's code does so
      throw undefined;
    },
  ],
  ['returns a rejected promise', () => Promise.reject(new Error('The host failed.'))],
  [
    'returns a promise that rejects later',
    async () => {
      await nextTurn();
      throw new Error('The host failed.');
    },
  ],
  [
    'returns a rejected promise whose then throws',
    () => Object.assign(Promise.reject(new Error('The host failed.')), { then: fail }),
  ],
  ['returns an object whose then throws', () => ({ then: fail })],
  [
    'returns an object whose then cannot be read',
    () => ({
      get then() {
        return fail();
      },
    }),
  ],
  [
    'returns an object whose then rejects',
    () => ({ then: (_: unknown, reject: (e: Error) => void) => reject(Error('')) }),
  ],
  ['returns a function with a then that throws', () => Object.assign(() => undefined, { then: fail })],
];

function fail(): never {
  throw new Error('The host failed.');
}

describe('code of the host program', () => {
  const unhandled: unknown[] = [];
  const record = (error: unknown): void => void unhandled.push(error);
  before(() => process.on('unhandledRejection', record).on('uncaughtException', record));
  after(() => process.off('unhandledRejection', record).off('uncaughtException', record));

  /** Uses a session in every way and asserts that it works as if its host did nothing wrong. */
  async function assertUnaffected(options: Parameters<typeof withSession>[0], misbehave: (fixture: Fixture) => void) {
    unhandled.length = 0;
    await withSession(options, async (fixture) => {
      const { session, sandbox, clock, refreshes } = fixture;
      misbehave(fixture);
      await session.refresh();
      clock.advance(40_000_000);
      assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
      assert.equal(refreshes(), 2);
      sandbox.fail({ status: 400 }, { call: 'refresh' });
      await assert.rejects(session.refresh(), { code: 'partnerRefused' });
      assert.equal(session.status.lastError?.code, 'partnerRefused');
      await session.refresh();
      const other = await fixture.sibling();
      await other.refresh();
      await nextTurn();
      await session.refresh();
      assert.equal(await session.accessToken(), sandbox.tokens('tconnect')?.accessToken);
      await session.signOut();
      assert.equal(session.status.phase, 'signedOut');
      await session.close();
      await nextTurn();
      await nextTurn();
    });
    assert.deepEqual(unhandled, []);
  }

  for (const [title, act] of misbehaviours) {
    it(`cannot affect a session by a listener that ${title}`, async () => {
      const later: string[] = [];
      await assertUnaffected({}, ({ session }) => {
        session.on('change', act);
        session.on('exchange', act);
        session.on('exchange', act, { reveal: true });
        session.on('change', ({ phase }) => void later.push(phase));
        session.on('exchange', ({ call }) => void later.push(call));
      });
      assert.ok(later.includes('refresh') && later.includes('signedOut'), 'later listeners are called');
    });

    it(`cannot affect a session by a logger that ${title}`, () => {
      const logger = { debug: act, info: act, warn: act, error: act };
      return assertUnaffected({ session: { logger } }, () => undefined);
    });

    it(`cannot affect a session by a store whose watcher ${title}`, () =>
      assertUnaffected(
        { session: { store: { ...memoryStore(), onDidChange: act as () => () => void } } },
        () => undefined,
      ));

    it(`cannot affect a session by a store whose unsubscribe function ${title}`, () =>
      assertUnaffected({ session: { store: { ...memoryStore(), onDidChange: () => act } } }, () => undefined));

    it(`cannot end the process by a listener of a memory store that ${title}`, async () => {
      const store = memoryStore();
      store.onDidChange?.(act);
      await assertUnaffected({ session: { store } }, () => undefined);
    });
  }

  it('cannot affect a session by a logger without methods, or whose methods cannot be read', async () => {
    const unreadable = new Proxy({}, { get: fail });
    for (const logger of [{}, unreadable]) {
      await assertUnaffected({ session: { logger: logger as Logger } }, () => undefined);
    }
  });

  it('cannot affect a session by a store whose watcher cannot be read', () => {
    const store = Object.defineProperty({ ...memoryStore() }, 'onDidChange', { get: fail });
    return assertUnaffected({ session: { store } }, () => undefined);
  });

  it('cannot change what a session or another listener receives', () =>
    withSession({}, async ({ session, sandbox }) => {
      const received: unknown[] = [];
      session.on('change', (status) => {
        const writable = status as { phase: string; lastError?: { code: string } };
        writable.phase = 'ended';
        if (writable.lastError !== undefined) writable.lastError.code = 'aborted';
      });
      session.on('change', ({ phase, lastError }) => void received.push(phase, lastError?.code));
      session.on('exchange', (exchange) => {
        if (exchange.cipher !== undefined) (exchange.cipher as { output: string }).output = 'none';
        (exchange.headers as Record<string, string>)['partner-code'] = 'none';
      });
      const outputs: unknown[] = [];
      session.on('exchange', ({ cipher, headers }) => void outputs.push(cipher?.output, headers['partner-code']));
      await session.refresh();
      sandbox.fail({ status: 400 }, { call: 'refresh' });
      await assert.rejects(session.refresh(), { code: 'partnerRefused' });
      assert.ok(!received.includes('ended') && !received.includes('aborted'), String(received));
      assert.ok(received.includes('partnerRefused') && !outputs.includes('none'), String(outputs));
    }));

  it('may subscribe a further listener in each notification', () =>
    withSession({}, async ({ session }) => {
      let calls = 0;
      const subscribe = (): void => {
        calls++;
        session.on('change', () => subscribe());
      };
      subscribe();
      await session.refresh();
      assert.ok(calls < 20, `${calls} calls`);
    }));

  it('is refused if a listener is not a function', () =>
    withSession({}, ({ session }) => {
      for (const event of ['change', 'exchange'] as const)
        assert.throws(() => session.on(event as 'change', undefined as never), {
          name: 'TypeError',
          message: /listener/,
        });
      return Promise.resolve();
    }));

  it('is logged if a listener returns a rejected promise', async () => {
    const lines: string[] = [];
    const rejectWithSecret = (): unknown => Promise.reject(new Error('the-secret'));
    const ignore = (): void => undefined;
    const logger = { debug: ignore, info: ignore, warn: ignore, error: (text: string) => void lines.push(text) };
    await withSession({ session: { logger } }, async ({ session }) => {
      session.on('change', rejectWithSecret);
      session.on('exchange', rejectWithSecret);
      await session.refresh();
      await nextTurn();
    });
    assert.ok(lines.includes('A listener for "change" failed.') && lines.includes('A listener for "exchange" failed.'));
    assert.ok(!lines.some((line) => line.includes('the-secret')));
  });

  it('cannot make the properties of an error writable', () => {
    const error = new PartnerAuthError('network', 'x', { status: 1 }) as { code: string; retryable: boolean };
    assert.throws(() => (error.code = 'aborted'), TypeError);
    assert.throws(() => (error.retryable = false), TypeError);
  });
});

type Fixture = Parameters<Parameters<typeof withSession>[1]>[0] & { readonly store: TokenStore };
