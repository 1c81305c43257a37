import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import {
  fileStore,
  memoryStore,
  openSession,
  type PartnerSession,
  type SessionOptions,
  type TokenSet,
  type TokenStore,
} from '../../core/index.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { readSession } from '../helpers/with-session.ts';
import type { CallingReport, CallingTask } from './calling-worker.ts';
import { startCuttingProxy, type CuttingProxy, type ProxiedCall } from './cutting-proxy.ts';
import { accessLifetime, type ClientUnderTest, type ServerUnderTest } from './server-under-test.ts';
import type { ServerProcess } from './start-server.ts';

/** A server that runs, and survives its restarts. */
export interface RunningServer {
  readonly server: ServerUnderTest;
  process: ServerProcess;
  restart(): Promise<void>;
}

/** What is true of a session with any server. */
export interface Fact {
  readonly title: string;
  /** Why it is not tried; undefined if it is. */
  readonly without?: (server: ServerUnderTest) => string | undefined;
  /** Resolves with text if the server's own protocol makes something else of it. */
  readonly check: (trial: Trial) => Promise<unknown>;
}

/** A proxy in front of the server, and a session that is signed in through it. */
interface Trial {
  readonly running: RunningServer;
  readonly server: ServerUnderTest;
  readonly proxy: CuttingProxy;
  readonly options: SessionOptions;
  readonly session: PartnerSession;
  readonly store: TokenStore;
  /** The tokens of the session. */
  tokens(): Promise<TokenSet>;
}

const withoutRefresh = ({ refresh }: ServerUnderTest): string | undefined =>
  refresh === undefined ? 'no refresh' : undefined;
const withoutClient = ({ clients }: ServerUnderTest): string | undefined =>
  clients === undefined ? 'no client' : undefined;

export const facts: readonly Fact[] = [
  {
    title: 'a login gets a token with the lifetime that the server grants',
    async check({ server, session, tokens }) {
      const { status } = session;
      assert.notEqual(status.phase, 'signedOut');
      const { issuedAt, accessExpiresAt } = await tokens();
      if (server.statesLifetime === false) {
        assert.equal(accessExpiresAt, undefined);
        return 'not stated';
      }
      const lifetime = ((accessExpiresAt ?? 0) - issuedAt) / 1000;
      // A token's own exp is in whole seconds, and counts from when a server that is busy issued it.
      assert.ok(lifetime >= accessLifetime - 1 && lifetime < 60, `${lifetime} s`);
    },
  },
  {
    title: 'a wrong password is refused as such, and the session stays',
    async check({ server, session, tokens }) {
      const { credentials, code } = server.wrong;
      const before = await tokens();
      await assert.rejects(session.login(credentials), { code });
      assert.deepEqual(await tokens(), before);
    },
  },
  {
    title: 'a protected call succeeds',
    async check({ server, session }) {
      const { status, ok } = await session.request(server.protectedPath);
      assert.deepEqual({ status, ok }, { status: 200, ok: true });
    },
  },
  {
    title: 'a refresh gets other tokens, and a protected call succeeds with them',
    without: withoutRefresh,
    async check({ server, session, tokens }) {
      const pair = async (): Promise<readonly unknown[]> => {
        const { accessToken, refreshToken } = await tokens();
        return [accessToken, refreshToken];
      };
      const before = await pair();
      await session.refresh();
      // A JWT that is issued in the same second may be the same.
      assert.notDeepEqual(await pair(), before);
      assert.equal((await session.request(server.protectedPath)).status, 200);
    },
  },
  {
    title: 'a refresh token that was replaced is refused: sessionEnded',
    without: withoutRefresh,
    async check({ server, session, options, tokens }) {
      const { refreshToken = '' } = await tokens();
      await session.refresh();
      await using other = await openSession(options);
      const adopted = other.adopt({ refreshToken });
      if (server.refresh?.reuse === 'accepted') {
        await adopted;
        return 'accepted again';
      }
      await assert.rejects(adopted, { code: 'sessionEnded' });
      const refreshed = session.refresh();
      if (server.refresh?.reuse === 'refused') {
        await refreshed;
        return undefined;
      }
      await assert.rejects(refreshed, { code: 'sessionEnded' });
      return 'yes, and its successor too';
    },
  },
  {
    title: `8 processes with one file and tokens of ${accessLifetime} s: no call fails, no refresh token is sent twice`,
    without: (server) => (server.refresh?.rotates === false ? 'no rotation' : withoutRefresh(server)),
    check: callFromManyProcesses,
  },
  {
    title: 'a sign-out is confirmed, and the server refuses the tokens then',
    async check({ server, session, options, proxy, tokens }) {
      const { accessToken, refreshToken } = await tokens();
      const result = await session.signOut();
      assert.deepEqual(result, { revoked: server.signOut === 'revokes' });
      if (server.signOut === 'none') return 'no sign-out';
      if (refreshToken === undefined) {
        assert.equal(await statusWith(proxy, server, accessToken), 401);
        return undefined;
      }
      await using other = await openSession(options);
      await assert.rejects(other.adopt({ refreshToken }), { code: 'sessionEnded' });
    },
  },
  {
    title: 'a token that cannot be renewed, and is no longer accepted, is reported as sessionEnded',
    without: ({ refresh }) => (refresh === undefined ? undefined : 'renewed'),
    async check({ server, session, options, store }) {
      const copy = memoryStore();
      await copy.write(await readSession(store));
      await using other = await openSession({ ...options, store: copy });
      await other.signOut();
      await assert.rejects(session.request(server.protectedPath), { code: 'sessionEnded' });
      await session.login(server.credentials);
      assert.equal((await session.request(server.protectedPath)).status, 200);
    },
  },
  {
    title: 'a server that is killed before it reads a refresh costs nothing',
    without: withoutRefresh,
    async check({ running, server, session, proxy }) {
      let restarted: Promise<void> | undefined;
      proxy.decide = async (call) => {
        if (restarted === undefined && isRefresh(server, call)) {
          await running.process.kill();
          restarted = restart(running, proxy);
          return 'cutBefore';
        }
        await restarted;
        return 'forward';
      };
      await session.refresh();
      assert.ok(restarted);
      assert.equal((await session.request(server.protectedPath)).status, 200);
    },
  },
  {
    title: 'a server that is killed between a refresh and its response: the session',
    without: withoutRefresh,
    check(trial) {
      const { running, server, proxy } = trial;
      let restarted: Promise<void> | undefined;
      proxy.decide = async (call) => {
        const isFirst = restarted === undefined && isRefresh(server, call);
        await restarted;
        return isFirst ? 'cutAfter' : 'forward';
      };
      proxy.onResponse = async (_, fate) => {
        if (fate !== 'cutAfter') return;
        await running.process.kill();
        restarted = restart(running, proxy);
      };
      return refreshLost(trial);
    },
  },
  ...[1, 2].map((times) => ({
    title: `the response to a refresh is lost ${times === 1 ? 'once' : 'twice'}: the session`,
    without: withoutRefresh,
    check(trial: Trial) {
      const { server, proxy } = trial;
      let lost = 0;
      proxy.decide = (call) => (isRefresh(server, call) && ++lost <= times ? 'cutAfter' : 'forward');
      return refreshLost(trial);
    },
  })),
  ...(['basic', 'body'] as const).map((send) => ({
    title: `a client that is sent as ${send === 'basic' ? 'Basic' : 'fields of the body'} is accepted, and a wrong secret is a mistake of the option client`,
    without: withoutClient,
    async check({ server, options }: Trial) {
      const { partner, client } = clientOf(server, send);
      await using session = await openSession({ ...options, partner, client });
      await session.login(server.credentials);
      await session.refresh();
      assert.equal((await session.request(server.protectedPath)).status, 200);
      await using wrong = await openSession({ ...options, partner, client: { ...client, secret: 'wrong' } });
      await assert.rejects(wrong.login(server.credentials), { code: 'configuration', setting: 'client' });
    },
  })),
  {
    title: 'client credentials get a token, and the next one without a login()',
    without: withoutClient,
    async check({ server, options }) {
      const store = memoryStore();
      await using session = await openSession({ ...options, ...clientOf(server, 'clientCredentials'), store });
      assert.equal((await session.request(server.protectedPath)).status, 200);
      const before = (await readSession(store)).tokens;
      await session.refresh();
      assert.notEqual((await readSession(store)).tokens.accessToken, before.accessToken);
      assert.equal((await session.request(server.protectedPath)).status, 200);
    },
  },
];

/** Checks a fact with a session of its own. */
export async function checkFact({ check }: Fact, running: RunningServer): Promise<string | undefined> {
  const { server } = running;
  await using proxy = await startCuttingProxy(running.process.port);
  const store = memoryStore();
  const options: SessionOptions = { partner: server.partner, baseUrl: proxy.url, ...server.options };
  await using session = await openSession({ ...options, store });
  await session.login(server.credentials);
  const tokens = async (): Promise<TokenSet> => (await readSession(store)).tokens;
  const note = await check({ running, server, proxy, options, session, store, tokens });
  return typeof note === 'string' ? note : undefined;
}

async function callFromManyProcesses({ server, options, proxy }: Trial): Promise<undefined> {
  await using folder = await temporaryFolder();
  const file = folder.file('session.json');
  await using first = await openSession({ ...options, store: fileStore(file) });
  await first.login(server.credentials);
  const sent: string[] = [];
  const enough = Promise.withResolvers<undefined>();
  proxy.decide = (call) => {
    const token = sentRefreshToken(server, call);
    if (token !== undefined) sent.push(token);
    if (sent.length >= 3) enough.resolve(undefined);
    return 'forward';
  };
  const task: CallingTask = { options, file, path: server.protectedPath };
  const worker = new URL('calling-worker.ts', import.meta.url);
  const children = Array.from({ length: 8 }, () => fork(worker, [JSON.stringify(task)], { execArgv: [] }));
  try {
    const reports = children.map((child) => reportOf(child));
    const failed = Promise.all(reports);
    await Promise.race([enough.promise, failed]);
    for (const child of children) child.send('stop');
    for (const { calls, failures } of await failed) {
      assert.deepEqual(failures, []);
      assert.ok(calls > 0);
    }
    assert.deepEqual(sent, [...new Set(sent)]);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

async function reportOf(child: ChildProcess): Promise<CallingReport> {
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`A process ended with code ${String(code)}.`);
  });
  const [report] = (await Promise.race([once(child, 'message'), exited])) as [CallingReport];
  exited.catch(() => undefined);
  return report;
}

/** Refreshes while the response is lost: the session is kept if the server accepts the same refresh token again. */
async function refreshLost({ server, session, proxy }: Trial): Promise<string> {
  if (server.refresh?.reuse === 'accepted') {
    await session.refresh();
    assert.equal((await session.request(server.protectedPath)).status, 200);
    return 'kept';
  }
  await assert.rejects(session.refresh(), { code: 'refreshInterrupted' });
  proxy.decide = () => 'forward';
  await session.login(server.credentials);
  assert.equal((await session.request(server.protectedPath)).status, 200);
  return 'ended: a token is good once';
}

async function restart(running: RunningServer, proxy: CuttingProxy): Promise<void> {
  await running.restart();
  proxy.target = running.process.port;
}

function isRefresh(server: ServerUnderTest, call: ProxiedCall): boolean {
  return sentRefreshToken(server, call) !== undefined;
}

/** The refresh token that a call sends to get the next one. */
function sentRefreshToken({ partner }: ServerUnderTest, { path, headers, body }: ProxiedCall): string | undefined {
  const { refresh } = partner;
  if (typeof refresh !== 'object' || refresh.tokenField === undefined || path !== refresh.path) return undefined;
  const isJson = headers['content-type']?.includes('json') === true;
  const fields: unknown = isJson ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body));
  return (fields as Record<string, string | undefined>)[refresh.tokenField];
}

function clientOf(
  { clients, name }: ServerUnderTest,
  send: keyof NonNullable<ServerUnderTest['clients']>,
): ClientUnderTest {
  const client = clients?.[send];
  if (client === undefined) throw new Error(`${name} has no such client.`);
  return client;
}

/** The status of a protected call with a token that the session no longer has. */
async function statusWith(proxy: CuttingProxy, server: ServerUnderTest, token: string): Promise<number | undefined> {
  const sent = httpRequest(proxy.url + server.protectedPath, { headers: { authorization: `Bearer ${token}` } }).end();
  const [response] = (await once(sent, 'response')) as [{ readonly statusCode?: number; resume(): void }];
  response.resume();
  return response.statusCode;
}
