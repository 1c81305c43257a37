import { partners, type PartnerDefinition } from '../../../../core/index.ts';
import { startServer } from '../../../core/transport/test-servers.ts';
import type { Row } from '../trial.ts';
import type { Fixture } from '../fixture.ts';

/** Makes the example call of the partner's definition. */
function callOnce({
  partner,
  session,
}: Pick<Fixture, 'partner' | 'session'>): Promise<{ status: number; ok: boolean }> {
  const { example }: PartnerDefinition = partners[partner];
  if (example === undefined) throw new Error(`${partner} has no example call.`);
  return session.request(example.path, { method: example.method, payload: example.payload });
}

const concurrentCalls = 20;

export const callRows: readonly Row[] = [
  {
    name: 'redirect to another host',
    reported: '`redirect`, which is not followed',
    variants: 5,
    async inject(fixture, variant) {
      await using elsewhere = await startServer((_request, response) => response.end('{}'));
      const status = [301, 302, 303, 307, 308][variant] ?? 302;
      fixture.sandbox.fail({ redirect: `${elsewhere.url}/steal`, status }, { times: 2 });
      const code = await fixture.attempt(() => fixture.session.refresh());
      await fixture.attempt(() => callOnce(fixture));
      if (elsewhere.connections() > 0) return 'the other host got a connection';
      return code === 'redirect' ? undefined : `reported ${code} instead of redirect`;
    },
  },
  {
    name: `${concurrentCalls} concurrent calls that get 401`,
    reported: 'nothing: one refresh for all of them',
    async inject(fixture) {
      // Cloudreve issues the same token again within a second.
      fixture.clock.advance(2_000);
      const before = fixture.refreshCount();
      fixture.sandbox.fail({ status: 401 }, { call: 'protected', times: concurrentCalls });
      const responses = await Promise.all(Array.from({ length: concurrentCalls }, () => callOnce(fixture)));
      if (responses.some(({ status }) => status === 401)) return 'a call was not retried';
      const refreshes = fixture.refreshCount() - before;
      return refreshes === 1 ? undefined : `${refreshes} refreshes instead of one`;
    },
  },
  {
    name: '401 to every call',
    reported: 'the 401 itself, after one refresh per call',
    async inject(fixture) {
      fixture.sandbox.fail({ status: 401 }, { call: 'protected', times: Infinity });
      const before = fixture.refreshCount();
      for (let call = 0; call < 3; call++) await fixture.attempt(() => callOnce(fixture));
      return fixture.refreshCount() - before <= 3 ? undefined : 'more than one refresh per call';
    },
  },
  {
    name: 'listener or logger that throws or rejects',
    reported: 'nothing',
    async inject(fixture) {
      const fail = (): never => {
        throw new Error('A listener failed.');
      };
      // A function of a user may be asynchronous although its result is ignored.
      const reject = (() => Promise.reject(new Error('A listener failed.'))) as () => void;
      const session = await fixture.open({ logger: { debug: reject, info: fail, warn: reject, error: fail } });
      for (const listener of [fail, reject]) {
        session.on('change', listener);
        session.on('exchange', listener);
      }
      const code = await fixture.attempt(() => session.refresh());
      return code === undefined ? undefined : `reported ${code}`;
    },
  },
  {
    name: 'abort during a refresh',
    reported: '`aborted` to the caller that aborts, nothing to the others',
    variants: 40,
    async inject(fixture, variant) {
      const controller = new AbortController();
      fixture.clock.advance(2 * 86_400_000);
      const aborted = fixture.attempt(() => fixture.session.accessToken({ signal: controller.signal }));
      const waiting = fixture.attempt(() => fixture.session.accessToken());
      const abortedRequest = fixture.attempt(() =>
        fixture.session.request('/nowhere', { signal: controller.signal }).then(() => undefined),
      );
      for (let turn = 0; turn < variant; turn++) await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      const codes = [await aborted, await abortedRequest];
      const other = await waiting;
      if (other !== undefined) return `another caller got ${other}`;
      return codes.every((code) => code === undefined || code === 'aborted') ? undefined : codes.join(' ');
    },
  },
  {
    name: 'abort during a login',
    reported: '`aborted`; the previous session is kept',
    variants: 20,
    async inject(fixture, variant) {
      const controller = new AbortController();
      const login = fixture.attempt(() => fixture.session.login(fixture.credentials, { signal: controller.signal }));
      for (let turn = 0; turn < variant; turn++) await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      const code = await login;
      return code === undefined || code === 'aborted' ? undefined : `reported ${code}`;
    },
  },
];
