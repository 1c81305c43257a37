import type * as Core from '../../../core/index.ts';
import type { Candidates, Metrics } from '../measure/fresh-process.ts';

export interface DownloadOptions {
  /** The built library. */
  readonly core: string;
  readonly url: string;
  readonly bytes: number;
}

type Download = (path: string) => Promise<AsyncIterable<Uint8Array>>;

const clients: Readonly<Record<string, (options: DownloadOptions) => Promise<Download>>> = {
  '`session.stream()`': async ({ core, url }) => {
    const { openSession } = (await import(core)) as typeof Core;
    const cipher = { key: Buffer.alloc(32, 7), iv: { from: 'fixed', value: Buffer.alloc(16, 9) } } as const;
    const session = await openSession({ partner: 'tconnect', baseUrl: url, partnerCode: 'BENCH', cipher });
    await session.login({ username: 'u', password: 'p', client_id: 'i', client_secret: 's' });
    return async (path) => (await session.stream(path)).body;
  },
  '`fetch()` of Node': async ({ url }) => {
    await (await fetch(`${url}/login`, { method: 'POST' })).json();
    return async (path) => (await fetch(url + path)).body as AsyncIterable<Uint8Array>;
  },
};

export const downloadNames = Object.keys(clients);

async function run(name: string, options: DownloadOptions): Promise<Metrics> {
  const download = await (clients[name] as (options: DownloadOptions) => Promise<Download>)(options);
  const memoryBefore = process.memoryUsage.rss();
  const start = performance.now();
  let size = 0;
  for await (const chunk of await download(`/file/${options.bytes}`)) size += chunk.length;
  const time = performance.now() - start;
  if (size !== options.bytes) throw new Error(`${size} bytes were received.`);
  return { time, added: process.resourceUsage().maxRSS * 1024 - memoryBefore };
}

export const candidates: Candidates = Object.fromEntries(
  downloadNames.map((name) => [name, (options: DownloadOptions) => run(name, options)]),
);
