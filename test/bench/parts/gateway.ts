import { createCipher, encryptedBody, openSession, partners, type EncryptedBody } from '../../../core/index.ts';
import { startSandbox, type Sandbox } from '../../../core/sandbox/index.ts';
import { markdownTable } from '../../helpers/markdown-table.ts';
import { provideBuild } from '../environment/build.ts';
import { gatewayNames, startGatewayProcess } from '../environment/gateway-process.ts';
import { applyLoad, medianTimes, type LoadCall } from '../environment/load.ts';
import { runInterleaved, type Case, type Metrics } from '../measure/fresh-process.ts';
import { compareTimes, median } from '../measure/statistics.ts';
import { formatComparison, formatCount, formatNumber, formatTimes } from '../report/format.ts';
import { samplesOf, type Measurement, type Part } from '../report/part.ts';

const own = 'Partner Auth';
const reference = 'got';
const direct = 'none: the client itself encrypts';
const connections = 64;
const path = '/openapi/v1/transaction/qr';
const query = JSON.stringify({ from_date: '2026-01-01 00:00:00', to_date: '2026-01-31 23:59:59', limit: 10, page: 1 });
const ms = 1e6;

const names = [...gatewayNames, direct];
const labels: Readonly<Record<string, string>> = {
  [reference]: 'got (passes on what is encrypted already)',
  'http-proxy-3': 'http-proxy-3 (likewise)',
};

export const gateway: Part = {
  title: 'The gateway',
  async measure({ quick }) {
    const cases = names.map((name) => ({ label: name, module: '', name }));
    const load = await runInterleaved(cases, quick ? 1 : 5, (one) => measureLoad(one, quick ? 50 : 2_000));
    const calls = quick ? 100 : 10_000;
    const expiry = await runInterleaved([{ label: own, module: '', name: own }], 1, () => measureExpiry(calls));
    return { load, expiry };
  },
  render(measurement) {
    const of = (name: string, metric: string): readonly number[] => samplesOf(measurement, 'load', name, metric);
    const rows = names.map((name) => [
      name === own || name === direct ? name : (labels[name] ?? name),
      formatNumber(Math.round(median(of(name, 'rate')))),
      name === reference ? '' : formatComparison(compareTimes(of(name, 'period'), of(reference, 'period'))),
      name === direct ? '' : formatTimes(of(name, 'processor'), ms),
      formatTimes(of(name, 'median'), ms),
      name === direct ? '' : formatTimes(of(name, 'added'), ms),
    ]);
    const { ratio, added } = summary(measurement);
    const expiry = (metric: string): number => median(samplesOf(measurement, 'expiry', own, metric));
    return [
      `A query of TCONNECT through a gateway to the sandbox. ${own} adds the token, encrypts the body and decrypts the response; the others pass on a body that the client has encrypted. The gateway has a process of its own; client and sandbox share another one.`,
      `${own} makes ${ratio.toFixed(2)} times the calls per second of the bare got gateway, and adds ${formatTimes([added], ms)} to the median of a call that is made alone, in turns with one without a gateway.`,
      markdownTable(
        [
          'gateway',
          `calls per second, ${connections} connections`,
          `relative to ${reference}`,
          'processor time of a call',
          'time of a call, 1 connection',
          'added by the gateway',
        ],
        rows,
      ),
      `While access tokens were valid for 1 second, ${formatCount(expiry('calls'), 'call')} on ${connections} connections took ${formatNumber(expiry('seconds'))} s. ${formatCount(expiry('failures'), 'call')} failed, and the session made ${formatNumber(expiry('refreshes'))} refreshes, at most one for each second.`,
    ].join('\n\n');
  },
  figures(measurement) {
    const { ratio, added } = summary(measurement);
    const [expiry] = Object.values(measurement.expiry ?? {});
    return {
      'gateway calls per second to got': ratio,
      'gateway added ms': added,
      'gateway failures while tokens expire': median(expiry?.failures ?? []),
      'gateway refreshes for each expiry': median(expiry?.perExpiry ?? []),
    };
  },
};

function summary(measurement: Measurement): { readonly ratio: number; readonly added: number } {
  const of = (name: string, metric: string): number => median(samplesOf(measurement, 'load', name, metric));
  return { ratio: of(own, 'rate') / of(reference, 'rate'), added: of(own, 'added') };
}

async function measureLoad({ name }: Case, length: number): Promise<Metrics> {
  await using sandbox = await startSandbox();
  await using started = await startOne(name, sandbox);
  const { call } = started;
  await applyLoad(call, { connections, until: { ms: length / 2 } });
  const before = await started.processorTime();
  const { rate, calls, failures } = await applyLoad(call, { connections, until: { ms: length } });
  const processor = ((await started.processorTime()) - before) / calls;
  if (failures > 0) throw new Error(`${failures} calls through ${name} failed.`);
  const [alone, withoutGateway] = await medianTimes([call, started.directCall], length);
  return { rate, period: 1 / rate, processor, median: alone, added: alone - withoutGateway };
}

interface Started extends AsyncDisposable {
  readonly call: LoadCall;
  /** The same call without a gateway. */
  readonly directCall: LoadCall;
  processorTime(): Promise<number>;
}

async function startOne(name: string, sandbox: Sandbox): Promise<Started> {
  const { credentials, ...profile } = sandbox.profiles.tconnect;
  const encrypted = await encryptedCall(sandbox);
  const directCall = { ...encrypted, url: profile.baseUrl + path };
  if (name === direct) {
    const nothing = { processorTime: () => Promise.resolve(0), [Symbol.asyncDispose]: () => Promise.resolve() };
    return { call: directCall, directCall, ...nothing };
  }
  const { core } = await provideBuild();
  const running = await startGatewayProcess(name, { core, profile, credentials: { ...credentials } });
  const plain = { headers: {}, body: query };
  return {
    call: { ...(name === own ? plain : encrypted), url: running.url + path },
    directCall,
    processorTime: running.processorTime,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** What a client sends that has no gateway of ours. */
async function encryptedCall({ profiles: { tconnect } }: Sandbox): Promise<Omit<LoadCall, 'url'>> {
  const { credentials, ...profile } = tconnect;
  await using session = await openSession(profile);
  await session.login({ ...credentials });
  const authorization = `Bearer ${await session.accessToken()}`;
  const { body } = encryptedBody(partners.tconnect.body as EncryptedBody, query, createCipher(profile.cipher));
  return { headers: { authorization, 'partner-code': profile.partnerCode }, body };
}

async function measureExpiry(calls: number): Promise<Metrics> {
  let refreshes = 0;
  await using sandbox = await startSandbox({
    accessLifetime: 1,
    onRequest: ({ call }) => {
      if (call === 'refresh') refreshes++;
    },
  });
  const { credentials, ...profile } = sandbox.profiles.tconnect;
  const { core } = await provideBuild();
  await using running = await startGatewayProcess(own, { core, profile, credentials: { ...credentials } });
  const start = performance.now();
  const call = { url: running.url + path, headers: {}, body: query };
  const { failures } = await applyLoad(call, { connections, until: { calls } });
  const seconds = (performance.now() - start) / 1000;
  // The first token was issued before the first call.
  return { calls, failures, refreshes, seconds, perExpiry: refreshes / Math.max(1, Math.ceil(seconds)) };
}
