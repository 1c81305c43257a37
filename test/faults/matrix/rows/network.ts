import dns from 'node:dns';
import type { Row } from '../trial.ts';
import type { Scene } from '../scene.ts';

/** A refresh that fails with one of these codes. */
async function fails(scene: Scene, ...codes: string[]): Promise<string | undefined> {
  const code = await scene.attempt(() => scene.session.refresh());
  return code !== undefined && codes.includes(code) ? undefined : `told ${code} instead of ${codes.join(' or ')}`;
}

export const networkRows: readonly Row[] = [
  {
    name: 'connection refused',
    told: '`network`: nothing listens at that address',
    async provoke(scene) {
      await scene.line.set('cut');
      return fails(scene, 'network');
    },
  },
  {
    name: 'host name unknown (DNS)',
    told: '`network`: its host name is unknown, or could not be looked up',
    host: 'localhost',
    alone: true,
    async provoke(scene) {
      await scene.line.set('open');
      const { lookup } = dns;
      const failing = (_name: string, ...rest: unknown[]): void =>
        (lookup as (...args: unknown[]) => void)('partner-auth.invalid', ...rest);
      dns.lookup = failing as unknown as typeof lookup;
      try {
        return await fails(scene, 'network', 'timeout');
      } finally {
        dns.lookup = lookup;
      }
    },
  },
  {
    name: 'TLS: certificate expired',
    told: '`tls`: its certificate has expired',
    sandbox: { https: true },
    async provoke(scene) {
      scene.sandbox.set({ certificate: 'expired' });
      await scene.line.set('open');
      const wrong = await fails(scene, 'tls');
      scene.sandbox.set({ certificate: 'valid' });
      return wrong;
    },
  },
  {
    name: 'TLS: certificate of another host',
    told: '`tls`: its certificate is for another host',
    sandbox: { https: true },
    async provoke(scene) {
      scene.sandbox.set({ certificate: 'wrongHost' });
      await scene.line.set('open');
      const wrong = await fails(scene, 'tls');
      scene.sandbox.set({ certificate: 'valid' });
      return wrong;
    },
  },
  {
    name: 'TLS: unknown authority',
    told: '`tls`: it comes from an unknown authority',
    sandbox: { https: true },
    async provoke(scene) {
      const distrustful = await scene.open({ ca: undefined });
      const code = await scene.attempt(() => distrustful.refresh());
      return code === 'tls' ? undefined : `told ${code} instead of tls`;
    },
  },
  {
    name: 'reset before the request is sent',
    told: '`network`: the connection broke',
    async provoke(scene) {
      await scene.line.set('resetEarly');
      return fails(scene, 'network');
    },
  },
  {
    name: 'reset after it is sent, not processed',
    told: '`network`: the connection broke',
    async provoke(scene) {
      scene.sandbox.fail('resetBefore', { call: 'refresh', times: Infinity });
      return fails(scene, 'network');
    },
  },
  {
    name: 'never answered, not processed',
    told: '`timeout`',
    session: { timeout: 150 },
    // A busy machine may miss that deadline also when all is well again.
    sandbox: { graceTime: 60 },
    async provoke(scene) {
      scene.sandbox.fail('hang', { call: 'refresh', times: Infinity });
      return fails(scene, 'timeout');
    },
  },
];
