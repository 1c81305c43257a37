import http from 'node:http';
import { median } from '../measure/statistics.ts';

/** A call to send again and again. */
export interface LoadCall {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface LoadOptions {
  readonly connections: number;
  /** Stops after so many ms, or so many calls. */
  readonly until: { readonly ms: number } | { readonly calls: number };
}

export interface LoadResult {
  readonly calls: number;
  /** With another status than 200. */
  readonly failures: number;
  /** Calls per second. */
  readonly rate: number;
}

/** Sends a call on each connection as soon as the one before has its response. */
export async function applyLoad(call: LoadCall, { connections, until }: LoadOptions): Promise<LoadResult> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  let calls = 0;
  let failures = 0;
  let started = 0;
  const start = performance.now();
  const mayStart = (): boolean => ('ms' in until ? performance.now() - start < until.ms : started < until.calls);
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (mayStart()) {
        started++;
        if ((await send(agent, call)) !== 200) failures++;
        calls++;
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  agent.destroy();
  return { calls, failures, rate: calls / seconds };
}

/**
 * The median times of two calls, in ms: one of each at a time, in turns, so that other work on the machine affects both
 * alike.
 */
export async function medianTimes(calls: readonly [LoadCall, LoadCall], ms: number): Promise<[number, number]> {
  const agent = new http.Agent({ keepAlive: true });
  const times: [number[], number[]] = [[], []];
  const start = performance.now();
  while (performance.now() - start < ms) {
    for (const index of [0, 1] as const) {
      const before = performance.now();
      await send(agent, calls[index]);
      times[index].push(performance.now() - before);
    }
  }
  agent.destroy();
  return [median(times[0]), median(times[1])];
}

function send(agent: http.Agent, { url, headers, body }: LoadCall): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const length = Buffer.byteLength(body);
    const request = http.request(
      url,
      { agent, method: 'POST', headers: { ...headers, 'content-type': 'application/json', 'content-length': length } },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode));
        response.once('error', reject);
      },
    );
    request.once('error', reject);
    request.end(body);
  });
}
