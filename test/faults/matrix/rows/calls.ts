import { partners, type PartnerDefinition } from '../../../../core/index.ts';
import { startServer } from '../../../core/transport/test-servers.ts';
import type { Row } from '../trial.ts';
import type { Scene } from '../scene.ts';

/** The example call of the partner's definition. */
export function callOnce({
  partner,
  session,
}: Pick<Scene, 'partner' | 'session'>): Promise<{ status: number; ok: boolean }> {
  const { example }: PartnerDefinition = partners[partner];
  if (example === undefined) throw new Error(`${partner} has no example call.`);
  return session.request(example.path, { method: example.method, payload: example.payload });
}

const storm = 20;

export const callRows: readonly Row[] = [
  {
    name: 'redirect to another host',
    told: '`redirect`: it is not followed',
    variants: 5,
    async provoke(scene, variant) {
      await using elsewhere = await startServer((_request, response) => response.end('{}'));
      const status = [301, 302, 303, 307, 308][variant] ?? 302;
      scene.sandbox.fail({ redirect: `${elsewhere.url}/steal`, status }, { times: 2 });
      const code = await scene.attempt(() => scene.session.refresh());
      await scene.attempt(() => callOnce(scene));
      if (elsewhere.connections() > 0) return 'the other host was contacted';
      return code === 'redirect' ? undefined : `told ${code} instead of redirect`;
    },
  },
  {
    name: '401 storm with stragglers',
    told: 'nothing: one refresh for all',
    async provoke(scene) {
      // Cloudreve's tokens of one second are the same.
      scene.clock.advance(2_000);
      const before = scene.refreshes();
      scene.sandbox.fail({ status: 401 }, { call: 'protected', times: storm });
      const answers = await Promise.all(Array.from({ length: storm }, () => callOnce(scene)));
      if (answers.some(({ status }) => status === 401)) return 'a call was not repeated';
      const made = scene.refreshes() - before;
      return made === 1 ? undefined : `${made} refreshes for one storm`;
    },
  },
  {
    name: '401 to every call for ever',
    told: 'the 401 itself, after one refresh per call',
    async provoke(scene) {
      scene.sandbox.fail({ status: 401 }, { call: 'protected', times: Infinity });
      const before = scene.refreshes();
      for (let call = 0; call < 3; call++) await scene.attempt(() => callOnce(scene));
      return scene.refreshes() - before <= 3 ? undefined : 'more than one refresh per call';
    },
  },
  {
    name: 'abort at every await',
    told: '`aborted`, to the caller who did',
    variants: 40,
    async provoke(scene, variant) {
      const controller = new AbortController();
      scene.clock.advance(2 * 86_400_000);
      const aborted = scene.attempt(() => scene.session.accessToken({ signal: controller.signal }));
      const patient = scene.attempt(() => scene.session.accessToken());
      const calling = scene.attempt(() =>
        scene.session.request('/nowhere', { signal: controller.signal }).then(() => undefined),
      );
      for (let turn = 0; turn < variant; turn++) await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      const codes = [await aborted, await calling];
      const other = await patient;
      if (other !== undefined) return `another caller was told ${other}`;
      return codes.every((code) => code === undefined || code === 'aborted') ? undefined : codes.join(' ');
    },
  },
  {
    name: 'abort at every await of a login',
    told: '`aborted`; the session before it stays',
    variants: 20,
    async provoke(scene, variant) {
      const controller = new AbortController();
      const login = scene.attempt(() => scene.session.login(scene.credentials, { signal: controller.signal }));
      for (let turn = 0; turn < variant; turn++) await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      const code = await login;
      return code === undefined || code === 'aborted' ? undefined : `told ${code}`;
    },
  },
];
