import type * as Core from '../../../core/index.ts';
import { startExtension } from '../environment/extension-host.ts';
import { installFastTime, type FastTime } from '../environment/fast-time.ts';
import type { Candidates, Metrics } from '../measure/fresh-process.ts';

export interface IdleOptions {
  /** The built library and the built extension. */
  readonly core: string;
  readonly bundle: string;
  readonly profiles?: number;
  /** Whether to use every token once, which opens its session. */
  readonly useTokens?: boolean;
}

const hour = 3_600_000;

async function session({ core }: IdleOptions): Promise<Metrics> {
  const time = installFastTime();
  const { memoryStore, openSession } = (await import(core)) as typeof Core;
  const baseUrl = 'http://127.0.0.1:9';
  const store = memoryStore();
  const tokens = { accessToken: 'a', refreshToken: 'r', issuedAt: Date.now(), accessExpiresAt: Date.now() + 10 * hour };
  await store.write({ version: 1, sessionId: 's', generation: 1, partner: 'bizmail', origin: baseUrl, tokens });
  await using opened = await openSession({ partner: 'bizmail', baseUrl, store, autoRefresh: true });
  opened.on('change', () => undefined);
  return await measureAnHour(time);
}

async function extension({ bundle, profiles = 1, useTokens = false }: IdleOptions): Promise<Metrics> {
  const time = installFastTime();
  await using started = await startExtension(bundle, profiles);
  if (useTokens) for (const id of started.ids) await started.use(id);
  await time.advance(1000);
  return await measureAnHour(time);
}

/** Counts over an hour, after a first one in which lazy initialization happens. */
async function measureAnHour(time: FastTime): Promise<Metrics> {
  await time.advance(hour);
  const heapBefore = heap();
  const before = time.wakeUps;
  const timers = time.timers;
  await time.advance(hour);
  return { timers, wakeUps: time.wakeUps - before, grown: heap() - heapBefore };
}

function heap(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

export const candidates: Candidates = { session, extension };
