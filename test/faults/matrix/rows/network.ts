import dns from 'node:dns';
import type { Row } from '../trial.ts';
import type { Fixture } from '../fixture.ts';

/** Refreshes; undefined when that fails with one of these codes. */
async function refreshProblem(fixture: Fixture, ...codes: string[]): Promise<string | undefined> {
  const code = await fixture.attempt(() => fixture.session.refresh());
  return code !== undefined && codes.includes(code) ? undefined : `reported ${code} instead of ${codes.join(' or ')}`;
}

export const networkRows: readonly Row[] = [
  {
    name: 'connection refused',
    reported: '`network`: nothing listens at the address',
    async inject(fixture) {
      await fixture.proxy.setState('closed');
      return refreshProblem(fixture, 'network');
    },
  },
  {
    name: 'unknown host name (DNS)',
    reported: '`network`: the host name cannot be resolved',
    host: 'localhost',
    exclusive: true,
    async inject(fixture) {
      await fixture.proxy.setState('open');
      const { lookup } = dns;
      const failingLookup = (_name: string, ...rest: unknown[]): void =>
        (lookup as (...args: unknown[]) => void)('partner-auth.invalid', ...rest);
      dns.lookup = failingLookup as unknown as typeof lookup;
      try {
        return await refreshProblem(fixture, 'network', 'timeout');
      } finally {
        dns.lookup = lookup;
      }
    },
  },
  {
    name: 'TLS: expired certificate',
    reported: '`tls`: the certificate has expired',
    sandbox: { https: true },
    async inject(fixture) {
      fixture.sandbox.set({ certificate: 'expired' });
      await fixture.proxy.setState('open');
      const problem = await refreshProblem(fixture, 'tls');
      fixture.sandbox.set({ certificate: 'valid' });
      return problem;
    },
  },
  {
    name: 'TLS: certificate of another host',
    reported: '`tls`: the certificate is for another host',
    sandbox: { https: true },
    async inject(fixture) {
      fixture.sandbox.set({ certificate: 'wrongHost' });
      await fixture.proxy.setState('open');
      const problem = await refreshProblem(fixture, 'tls');
      fixture.sandbox.set({ certificate: 'valid' });
      return problem;
    },
  },
  {
    name: 'TLS: unknown authority',
    reported: '`tls`: the authority is unknown',
    sandbox: { https: true },
    async inject(fixture) {
      const untrusting = await fixture.open({ ca: undefined });
      const code = await fixture.attempt(() => untrusting.refresh());
      return code === 'tls' ? undefined : `reported ${code} instead of tls`;
    },
  },
  {
    name: 'connection reset before the request is sent',
    reported: '`network`: the connection broke',
    async inject(fixture) {
      await fixture.proxy.setState('resetEarly');
      return refreshProblem(fixture, 'network');
    },
  },
  {
    name: 'connection reset before the request is processed',
    reported: '`network`: the connection broke',
    async inject(fixture) {
      fixture.sandbox.fail('resetBefore', { call: 'refresh', times: Infinity });
      return refreshProblem(fixture, 'network');
    },
  },
  {
    name: 'no response, request not processed',
    reported: '`timeout`',
    session: { timeout: 150 },
    // A busy machine may miss this timeout after the fault is removed as well.
    sandbox: { graceTime: 60 },
    async inject(fixture) {
      fixture.sandbox.fail('hang', { call: 'refresh', times: Infinity });
      return refreshProblem(fixture, 'timeout');
    },
  },
];
