import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type * as Core from '../../../core/index.ts';
import { parseProfiles } from '../../../core/profiles/profile.ts';
import { profileOf, startExtension } from '../environment/extension-host.ts';
import { installFastTime } from '../environment/fast-time.ts';
import type { Candidates, Metrics } from '../measure/fresh-process.ts';
import { median } from '../measure/statistics.ts';

export interface GrowthOptions {
  /** The built library and the built extension. */
  readonly core: string;
  readonly bundle: string;
  readonly url: string;
  readonly count: number;
}

const key = Buffer.alloc(32, 7);
const cipherSettings = { key, iv: { from: 'fixed', value: Buffer.alloc(16, 9) } } as const;

// Not performance.now(), which installFastTime() replaces.
const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/** The median time of a call in ms, once the code is warm. */
function timeWhenWarm(call: () => unknown, times: number): number {
  const measured = Array.from({ length: times }, () => {
    const start = now();
    call();
    return now() - start;
  });
  return median(measured.slice(Math.floor(times / 3)));
}

/** Starts the extension with so many signed-in profiles. */
async function profiles({ bundle, count }: GrowthOptions): Promise<Metrics> {
  const setting = Array.from({ length: count }, (_, index) => profileOf(`p${index}`));
  if (parseProfiles(setting).profiles.length !== count) throw new Error('Some profiles were rejected.');
  const parse = timeWhenWarm(() => parseProfiles(setting), 9);
  const time = installFastTime();
  const start = now();
  await using extension = await startExtension(bundle, count);
  const activate = now() - start - extension.preparedMs;
  await time.advance(60_000);
  const wakeTimes: number[] = [];
  for (let minute = 0; minute < 5; minute++) {
    const before = now();
    await time.advance(60_000);
    wakeTimes.push(now() - before);
  }
  return { parse, activate, wake: median(wakeTimes) };
}

/** Encrypts, decrypts and sends one payload of so many bytes. */
async function payload({ core, url, count }: GrowthOptions): Promise<Metrics> {
  const { createCipher, memoryStore, openSession } = (await import(core)) as typeof Core;
  const cipher = createCipher(cipherSettings);
  const text = JSON.stringify({ text: 'Partner Auth '.repeat(count).slice(0, count - 11) });
  const ciphertext = cipher.encrypt(text);
  const encrypt = timeWhenWarm(() => cipher.encrypt(text), 7);
  const decrypt = timeWhenWarm(() => cipher.decrypt(ciphertext), 7);

  const store = memoryStore();
  const expires = { issuedAt: Date.now(), accessExpiresAt: Date.now() + 3_600_000 };
  const tokens = { accessToken: 'a', refreshToken: 'r', ...expires };
  const base = { version: 1, sessionId: 's', generation: 1, partner: 'tconnect', partnerCode: 'BENCH' } as const;
  await store.write({ ...base, origin: url, tokens });
  await using session = await openSession({
    partner: 'tconnect',
    baseUrl: url,
    partnerCode: 'BENCH',
    cipher: cipherSettings,
    store,
  });
  const blocks: number[] = [];
  const object = JSON.parse(text) as Record<string, unknown>;
  for (let call = 0; call < 6; call++) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await session.request('/upload', { method: 'POST', payload: object });
    await new Promise((resolve) => setTimeout(resolve, 5));
    delay.disable();
    blocks.push(delay.max / 1e6);
  }
  return { encrypt, decrypt, block: median(blocks.slice(2)) };
}

/** Reads and writes one of so many session files in one folder, each with an open session. */
async function files({ core, url, count }: GrowthOptions): Promise<Metrics> {
  const { fileStore, openSession } = (await import(core)) as typeof Core;
  const folder = await mkdtemp(join(tmpdir(), 'partner-auth-bench-'));
  const tokens = { accessToken: 'a'.repeat(600), refreshToken: 'r', issuedAt: Date.now() };
  const record = { version: 1, sessionId: 's', generation: 1, partner: 'bizmail', origin: url, tokens } as const;
  const names = Array.from({ length: count }, (_, index) => join(folder, `${index}.json`));
  for (const name of names) await writeFile(name, JSON.stringify(record), { mode: 0o600 });
  const start = now();
  const sessions = await Promise.all(
    names.map((name) => openSession({ partner: 'bizmail', baseUrl: url, store: fileStore(name) })),
  );
  const open = (now() - start) / count;
  const store = fileStore(join(folder, '0.json'));
  const [reads, writes]: [number[], number[]] = [[], []];
  for (let round = 0; round < 15; round++) {
    const before = now();
    await store.read();
    const between = now();
    await store.write({ ...record, generation: round + 2 });
    reads.push(between - before);
    writes.push(now() - between);
  }
  await Promise.all(sessions.map((session) => session.close()));
  await rm(folder, { recursive: true, force: true });
  return { open, read: median(reads), write: median(writes) };
}

export const candidates: Candidates = { profiles, payload, files };
