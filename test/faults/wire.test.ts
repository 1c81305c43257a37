import assert from 'node:assert/strict';
import net from 'node:net';
import { describe, it } from 'node:test';
import { openSession, partners, type PartnerDefinition } from '../../core/index.ts';
import { startSandbox } from '../../core/sandbox/index.ts';
import { startServer } from '../core/transport/test-servers.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { partnerNames } from '../helpers/with-session.ts';

describe('connections', () => {
  for (const partner of partnerNames) {
    it(`of ${partner} go only to the configured origin, whatever it responds`, async () => {
      await using elsewhere = await startServer((_request, response) => response.end('{}'));
      await using sandbox = await startSandbox();
      const profile = sandbox.profiles[partner];
      const { example }: PartnerDefinition = partners[partner];
      assert.ok(example);
      const proxies = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY'] as const;
      for (const name of proxies) process.env[name] = elsewhere.url;
      const recorder = recordConnections();
      try {
        await using session = await openSession({ ...profile, clock: manualClock(Date.now()) });
        const calls: readonly (() => Promise<unknown>)[] = [
          () => session.login({ ...profile.credentials }),
          () => session.refresh(),
          () => session.request(example.path, { method: example.method, payload: example.payload }),
          () => session.signOut(),
        ];
        for (const status of [301, 302, 303, 307, 308]) {
          for (const location of [
            `${elsewhere.url}/x`,
            elsewhere.url.replace('http:', ''),
            `http://user:pw@${new URL(elsewhere.url).host}`,
          ]) {
            await session.login({ ...profile.credentials });
            for (const call of calls) {
              sandbox.fail({ redirect: location, status }, { times: 4 });
              await call().catch(() => undefined);
              sandbox.heal();
            }
          }
        }
        assert.equal(elsewhere.connections(), 0);
        assert.deepEqual([...recorder.destinations], [`127.0.0.1:${new URL(sandbox.url).port}`]);
        const hosts = new Set(sandbox.journal.map(({ headers }) => headers.host));
        assert.deepEqual([...hosts], [new URL(sandbox.url).host]);
        assert.ok(sandbox.journal.length >= 60);
        assert.ok(sandbox.journal.every(({ headers }) => headers.cookie === undefined));
      } finally {
        recorder.stop();
        for (const name of proxies) Reflect.deleteProperty(process.env, name);
      }
    });
  }
});

/** Records every destination to which this process opens a TCP connection. */
function recordConnections(): { readonly destinations: ReadonlySet<string>; stop(): void } {
  const destinations = new Set<string>();
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]) {
    const [options] = args.flat() as { host?: string; port?: number | string }[];
    destinations.add(`${options?.host}:${options?.port}`);
    return Reflect.apply(connect, this, args) as net.Socket;
  };
  return { destinations, stop: () => (net.Socket.prototype.connect = connect) };
}
