import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileStore, openSession, type PartnerDefinition } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { plainCredentials, plainPartner, type Reply } from '../../helpers/with-partner.ts';
import type { WorkerReport, WorkerTask } from '../../helpers/session-worker.ts';
import { readSession } from '../../helpers/with-session.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const worker = new URL('../../helpers/session-worker.ts', import.meta.url);

describe('8 processes with one file store', () => {
  it('refresh an expired token once under reuse detection, and all get the new token', async () => {
    await using folder = await temporaryFolder();
    await using sandbox = await startSandbox({ rotation: 'reuseDetection', accessLifetime: 1 });
    const file = folder.file('session.json');
    const profile = sandbox.profiles.tconnect;
    const session = await openSession({ ...profile, store: fileStore(file) });
    await session.login({ ...profile.credentials });
    const old = await session.accessToken();
    await session.close();

    const task: WorkerTask = { options: { ...profile }, file, calls: 125 };
    const children = Array.from({ length: 8 }, () => fork(worker, [JSON.stringify(task)]));
    try {
      await Promise.all(children.map((child) => nextReport(child)));
      await waitForExpiry(file);
      sandbox.set({ accessLifetime: undefined });
      const reports = children.map((child) => nextReport(child));
      for (const child of children) child.send('start');
      const results = await Promise.all(reports);
      const current = sandbox.tokens('tconnect')?.accessToken;
      assert.notEqual(current, old);
      for (const report of results) assert.deepEqual(report, { tokens: [current] });
      const refreshes = sandbox.journal.filter(({ call }) => call === 'refresh');
      assert.deepEqual(
        refreshes.map(({ outcome }) => outcome),
        ['ok'],
      );
    } finally {
      for (const child of children) child.kill('SIGKILL');
    }
  });
});

describe("8 processes with one file store and refresh: 'login'", () => {
  const { refreshToken: _, ...response } = plainPartner.response;
  const partner: PartnerDefinition = { ...plainPartner, refresh: 'login', response };

  /** A partner whose logins wait for `respond`, and get the response that it resolves with. */
  async function withLogins(
    respond: (number: number) => Promise<Reply | undefined>,
    test: (url: string, logins: () => number) => Promise<void>,
  ): Promise<void> {
    let logins = 0;
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        void respond(++logins).then((reply) => {
          response.writeHead(reply?.status ?? 200, { 'content-type': 'application/json' });
          response.end(JSON.stringify(reply?.body ?? {}));
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await test(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, () => logins);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  async function startAll(url: string, file: string, count: number): Promise<ChildProcess[]> {
    const task: WorkerTask = { options: { partner, baseUrl: url }, file, calls: 50, credentials: plainCredentials };
    const children = Array.from({ length: count }, () => fork(worker, [JSON.stringify(task)]));
    await Promise.all(children.map((child) => nextReport(child)));
    return children;
  }

  async function callAll(children: readonly ChildProcess[]): Promise<WorkerReport[]> {
    const reports = children.map((child) => nextReport(child));
    for (const child of children) child.send('start');
    return Promise.all(reports);
  }

  it('make one login, the first and the next', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('session.json');
    const respond = (number: number): Promise<Reply> =>
      Promise.resolve({ body: { access: `access-${number}`, expires: 3600 } });
    await withLogins(respond, async (url, logins) => {
      for (const number of [1, 2]) {
        const children = await startAll(url, file, 8);
        try {
          for (const report of await callAll(children)) assert.deepEqual(report, { tokens: [`access-${number}`] });
          assert.equal(logins(), number);
        } finally {
          for (const child of children) child.kill('SIGKILL');
        }
        const store = fileStore(file);
        const { tokens, ...record } = await readSession(store);
        const expired = { issuedAt: tokens.issuedAt - 3_600_000, accessExpiresAt: tokens.issuedAt };
        await store.write({ ...record, tokens: { ...tokens, ...expired } });
      }
    });
  });

  it('send refused credentials once', async () => {
    await using folder = await temporaryFolder();
    const refusal = { status: 401, body: { code: 'BAD_LOGIN' } };
    await withLogins(
      () => Promise.resolve(refusal),
      async (url, logins) => {
        for (let restart = 0; restart < 2; restart++) {
          const children = await startAll(url, folder.file('session.json'), 8);
          try {
            for (const report of await callAll(children)) assert.match(JSON.stringify(report), /Plain Partner refused/);
          } finally {
            for (const child of children) child.kill('SIGKILL');
          }
        }
        assert.equal(logins(), 1);
      },
    );
  });

  it('sign in although one of them was killed during its login', async () => {
    await using folder = await temporaryFolder();
    const started = Promise.withResolvers<undefined>();
    const respond = (number: number): Promise<Reply | undefined> => {
      if (number > 1) return Promise.resolve({ body: { access: `access-${number}`, expires: 3600 } });
      started.resolve(undefined);
      return new Promise(() => undefined);
    };
    await withLogins(respond, async (url, logins) => {
      const [first, ...others] = await startAll(url, folder.file('session.json'), 4);
      try {
        first?.send('start');
        await started.promise;
        first?.kill('SIGKILL');
        for (const report of await callAll(others)) assert.deepEqual(report, { tokens: ['access-2'] });
        assert.equal(logins(), 2);
      } finally {
        for (const child of [first, ...others]) child?.kill('SIGKILL');
      }
    });
  });
});

async function nextReport(child: ChildProcess): Promise<WorkerReport> {
  const [message] = (await once(child, 'message', { signal: AbortSignal.timeout(60_000) })) as [WorkerReport];
  return message;
}

/** Waits in real time until the stored access token has expired, because the processes share no manual clock. */
async function waitForExpiry(file: string): Promise<void> {
  const { accessExpiresAt = 0 } = (await readSession(fileStore(file))).tokens;
  while (Date.now() <= accessExpiresAt)
    await new Promise((resolve) => setTimeout(resolve, accessExpiresAt - Date.now() + 1));
}
