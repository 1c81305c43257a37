import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once, type EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { memoryStore, type Credentials, type TokenStore } from '../../../core/index.ts';
import { startSandbox, type Sandbox } from '../../../core/sandbox/index.ts';
import type { SignInReport, SignInTask } from '../../helpers/sign-in-worker.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { plainCredentials, withPartner } from '../../helpers/with-partner.ts';
import { readSession, withSession } from '../../helpers/with-session.ts';

const bob = { user: 'bob', password: 'S3cret-of-bob' };
const loginsIn = (calls: readonly string[]): number => calls.filter((path) => path === '/login').length;
const loginsAt = (sandbox: Sandbox): number => sandbox.journal.filter(({ call }) => call === 'login').length;

describe('ensureSignedIn()', () => {
  it('signs in where there is no session, and not again while it is usable', () =>
    withPartner({}, async ({ session, calls, clock }) => {
      await session.ensureSignedIn(plainCredentials);
      await session.ensureSignedIn(plainCredentials);
      clock.advance(3_500_000);
      assert.equal(session.status.phase, 'due');
      await session.ensureSignedIn(plainCredentials);
      assert.deepEqual(calls, ['/login']);
      assert.equal(session.status.account, 'ann');
    }));

  it('makes one login for 50 callers', () =>
    withSession({ signedIn: false, sandbox: { delay: 5 } }, async ({ session, sandbox, credentials }) => {
      let asked = 0;
      const source = (): Credentials => {
        asked++;
        return credentials;
      };
      await Promise.all(
        Array.from({ length: 50 }, (_, index) => session.ensureSignedIn(index % 2 === 0 ? source : credentials)),
      );
      assert.equal(loginsAt(sandbox), 1);
      assert.equal(asked, 1);
      assert.equal(session.status.phase, 'valid');
    }));

  it('makes one login for several sessions with one store', () =>
    withSession({ signedIn: false }, async ({ session, sandbox, sibling, credentials }) => {
      const siblings = await Promise.all(Array.from({ length: 5 }, () => sibling()));
      await Promise.all([session, ...siblings].map((one) => one.ensureSignedIn(credentials)));
      assert.equal(loginsAt(sandbox), 1);
      const tokens = await Promise.all([session, ...siblings].map((one) => one.accessToken()));
      assert.equal(new Set(tokens).size, 1);
    }));

  it('fails for all callers after one login that was refused, and tries again with the next call', () =>
    withSession({ signedIn: false, sandbox: { delay: 5 } }, async ({ session, sandbox, credentials }) => {
      const wrong = { ...credentials, password: 'not this one' };
      const all = Array.from({ length: 20 }, () => session.ensureSignedIn(wrong));
      for (const call of all) await assert.rejects(call, { code: 'invalidCredentials' });
      assert.equal(loginsAt(sandbox), 1);
      await session.ensureSignedIn(credentials);
      assert.equal(session.status.phase, 'valid');
    }));

  it('calls a function for the credentials only if a login is required', () =>
    withPartner({}, async ({ session, calls }) => {
      await session.ensureSignedIn(() => Promise.resolve(plainCredentials));
      await session.ensureSignedIn(() => {
        throw new Error('not required');
      });
      assert.deepEqual(calls, ['/login']);
      await session.signOut();
      await assert.rejects(
        session.ensureSignedIn(() => {
          throw new Error('the vault is locked');
        }),
        /the vault is locked/,
      );
      await session.ensureSignedIn(() => plainCredentials);
      assert.equal(loginsIn(calls), 2);
    }));

  it('refreshes an access token that has expired instead of signing in', () =>
    withPartner({}, async ({ session, calls, clock }) => {
      await session.ensureSignedIn(plainCredentials);
      clock.advance(3_700_000);
      assert.equal(session.status.phase, 'expired');
      await Promise.all([session.ensureSignedIn(plainCredentials), session.ensureSignedIn(plainCredentials)]);
      assert.deepEqual(calls, ['/login', '/refresh']);
    }));

  it('signs in if the refresh says that the session has ended, and fails if it fails otherwise', () =>
    withPartner({}, async ({ session, calls, clock, reply }) => {
      await session.ensureSignedIn(plainCredentials);
      clock.advance(3_700_000);
      reply('/refresh', { status: 503, body: { code: 'DOWN' } });
      await assert.rejects(session.ensureSignedIn(plainCredentials), { code: 'partnerUnavailable' });
      assert.equal(loginsIn(calls), 1);
      clock.advance(60_000);
      reply('/refresh', { status: 401, body: { code: 'BAD_REFRESH' } });
      await session.ensureSignedIn(plainCredentials);
      assert.equal(loginsIn(calls), 2);
      assert.equal(session.status.phase, 'valid');
    }));

  it('signs in after a session that has ended, although its access token may be valid', () =>
    withPartner({}, async ({ session, calls, reply }) => {
      await session.ensureSignedIn(plainCredentials);
      reply('/refresh', { status: 401, body: { code: 'BAD_REFRESH' } });
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      await session.ensureSignedIn(plainCredentials);
      assert.equal(loginsIn(calls), 2);
      assert.equal(session.status.phase, 'valid');
    }));

  it('leaves the session of another account as it is without `replace`', () =>
    withPartner({}, async ({ session, store, calls, reply }) => {
      await session.login(plainCredentials);
      await assert.rejects(session.ensureSignedIn(bob), {
        code: 'configuration',
        setting: 'user',
        message: /another account, ann\..*\{ replace: true \}/,
      });
      reply('/refresh', { status: 401, body: { code: 'BAD_REFRESH' } });
      await assert.rejects(session.refresh(), { code: 'sessionEnded' });
      await assert.rejects(session.ensureSignedIn(bob), { code: 'configuration' }, 'also if it has ended');
      await assert.rejects(
        session.ensureSignedIn(() => bob),
        { code: 'configuration' },
      );
      assert.equal((await readSession(store)).account, 'ann');
      assert.equal(await session.accessToken(), 'access-1');
      assert.deepEqual(calls, ['/login', '/refresh']);
    }));

  it('leaves the stored session of another account as it is, also if this process has none', () =>
    withSession({ signedIn: false, session: { store: unwatchedStore() } }, async (fixture) => {
      const { session, sandbox, sibling, credentials } = fixture;
      await (await sibling()).login(credentials);
      const other = { ...credentials, username: 'someone@else.example' };
      await assert.rejects(session.ensureSignedIn(other), { code: 'configuration', setting: 'username' });
      assert.equal(loginsAt(sandbox), 1);
      await session.ensureSignedIn(credentials);
      assert.equal(loginsAt(sandbox), 1);
    }));

  it('replaces the session of another account with `replace`, and not that of the same', () =>
    withPartner({}, async ({ session, calls }) => {
      await session.login(plainCredentials);
      await session.ensureSignedIn(plainCredentials, { replace: true });
      assert.equal(loginsIn(calls), 1);
      await session.ensureSignedIn(bob, { replace: true });
      assert.equal(session.status.account, 'bob');
      assert.equal(loginsIn(calls), 2);
      await session.ensureSignedIn(bob);
      assert.equal(loginsIn(calls), 2);
    }));

  it('signs in one of two accounts that are asked for at once, and refuses the other', () =>
    withPartner({}, async ({ session, calls }) => {
      const [ann, other] = await Promise.allSettled([
        session.ensureSignedIn(plainCredentials),
        session.ensureSignedIn(bob),
      ]);
      assert.deepEqual([ann.status, other.status], ['fulfilled', 'rejected']);
      assert.equal(session.status.account, 'ann');
      assert.equal(loginsIn(calls), 1);
    }));

  it('signs in again if a sibling has signed out', () =>
    withSession({ session: { store: unwatchedStore() } }, async ({ session, sandbox, sibling, credentials, clock }) => {
      await (await sibling()).signOut();
      clock.advance(40_000_000);
      await session.ensureSignedIn(credentials);
      assert.equal(loginsAt(sandbox), 2);
      assert.equal(session.status.phase, 'valid');
    }));

  it('signs in for this process only where the store cannot be locked, as login() does', () =>
    withPartner({ store: readOnlyStore() }, async ({ session, calls }) => {
      await assert.rejects(session.ensureSignedIn(plainCredentials), {
        code: 'store',
        message: /Signed in for this process only/,
      });
      await session.ensureSignedIn(plainCredentials);
      assert.equal(await session.accessToken(), 'access-1');
      assert.equal(loginsIn(calls), 1);
    }));

  it('stops waiting when its signal fires, and leaves the login to the other callers', () =>
    withSession({ signedIn: false, sandbox: { delay: 20 } }, async ({ session, sandbox, credentials }) => {
      const controller = new AbortController();
      const aborted = session.ensureSignedIn(credentials, { signal: controller.signal });
      const other = session.ensureSignedIn(credentials);
      controller.abort();
      await assert.rejects(aborted, { code: 'aborted' });
      await other;
      assert.equal(loginsAt(sandbox), 1);
    }));

  it('continues with a one-time code', () =>
    withSession({ partner: 'cloudreve', signedIn: false, sandbox: { twoFactor: true } }, async (fixture) => {
      const { session, sandbox, credentials } = fixture;
      await assert.rejects(session.ensureSignedIn(credentials), { code: 'oneTimeCodeRequired' });
      await session.login({ otp: sandbox.oneTimeCode() });
      await session.ensureSignedIn(credentials);
      assert.equal(loginsAt(sandbox), 1);
    }));

  it('refuses arguments that are no credentials or options', () =>
    withPartner({}, async ({ session, calls }) => {
      const untyped = session as unknown as { ensureSignedIn(...values: unknown[]): Promise<void> };
      await assert.rejects(untyped.ensureSignedIn(), TypeError);
      await assert.rejects(untyped.ensureSignedIn('ann'), TypeError);
      await assert.rejects(untyped.ensureSignedIn({ user: 1 }), { code: 'configuration', setting: 'user' });
      await assert.rejects(untyped.ensureSignedIn(plainCredentials, { replace: 1 }), TypeError);
      await assert.rejects(session.ensureSignedIn({ user: 'ann' }), { code: 'configuration', setting: 'password' });
      assert.deepEqual(calls, []);
    }));
});

const worker = new URL('../../helpers/sign-in-worker.ts', import.meta.url);

interface Running {
  readonly messages: EventEmitter;
  start(): void;
  stop(): unknown;
}

const starters: readonly (readonly [name: string, count: number, start: (task: SignInTask) => Running])[] = [
  [
    'processes',
    8,
    (task) => {
      const child = fork(worker, [JSON.stringify(task)]);
      return { messages: child, start: () => void child.send('start'), stop: () => child.kill('SIGKILL') };
    },
  ],
  [
    'worker threads',
    4,
    (task) => {
      const thread = new Worker(worker, { workerData: task });
      return { messages: thread, start: () => thread.postMessage('start'), stop: () => thread.terminate() };
    },
  ],
];

describe('ensureSignedIn() with one file store', () => {
  for (const [name, count, start] of starters) {
    it(`makes one login for ${count} ${name} with 50 callers each`, async () => {
      await using folder = await temporaryFolder();
      await using sandbox = await startSandbox({ delay: 50 });
      const { credentials, ...options } = sandbox.profiles.tconnect;
      const task: SignInTask = {
        options,
        credentials: { ...credentials },
        file: folder.file('session.json'),
        callers: 50,
      };
      const all = Array.from({ length: count }, () => start(task));
      try {
        await Promise.all(all.map(nextReport));
        const reports = all.map(nextReport);
        for (const one of all) one.start();
        const token = sandbox.tokens('tconnect')?.accessToken;
        assert.equal(token, undefined);
        const tokens = await Promise.all(reports);
        assert.deepEqual(new Set(tokens), new Set([sandbox.tokens('tconnect')?.accessToken]));
        assert.equal(loginsAt(sandbox), 1);
      } finally {
        for (const one of all) await one.stop();
      }
    });
  }
});

async function nextReport({ messages }: Running): Promise<SignInReport> {
  const [message] = (await once(messages, 'message', { signal: AbortSignal.timeout(60_000) })) as [SignInReport];
  return message;
}

/** A store that reports no changes, such as one on another machine. */
function unwatchedStore(): TokenStore {
  const { onDidChange: _, ...store } = memoryStore();
  return store;
}

function readOnlyStore(): TokenStore {
  const fail = (): Promise<never> => Promise.reject(new Error('EROFS'));
  return { ...memoryStore(), write: fail, lock: fail };
}
