import { createCipheriv, createSecretKey } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type * as Core from '../../../core/index.ts';
import type { Candidates, Metrics } from '../measure/fresh-process.ts';
import { median } from '../measure/statistics.ts';

export interface ExchangeOptions {
  /** The built library. */
  readonly core: string;
  readonly url: string;
  readonly ca?: string;
  readonly refreshes: number;
}

/** Signs in and resolves to a function that refreshes once. */
type SignIn = (options: ExchangeOptions) => Promise<() => Promise<unknown>>;

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

const key = Buffer.alloc(32, 7);
const iv = Buffer.alloc(16, 9);
const partnerCode = 'BENCH';
const credentials = { username: 'merchant@example.com', password: 'p', client_id: 'c', client_secret: 's' };
const loginPath = '/openapi/v1/auth/login';
const refreshPath = '/openapi/v1/auth/refresh';

const clients: Readonly<Record<string, SignIn>> = {
  'Partner Auth': async ({ core, url, ca }) => {
    const { openSession } = (await import(core)) as typeof Core;
    const session = await openSession({
      partner: 'tconnect',
      baseUrl: url,
      partnerCode,
      ca,
      cipher: { key, iv: { from: 'fixed', value: iv } },
    });
    await session.login(credentials);
    return () => session.refresh();
  },
  'bare request (node:crypto)': async ({ url, ca }) => {
    const secure = url.startsWith('https:');
    const client = secure ? https : http;
    const agent = secure ? new https.Agent({ keepAlive: true, ca }) : new http.Agent({ keepAlive: true });
    const secret = createSecretKey(key);
    const post = async (path: string, payload: object): Promise<Tokens> => {
      const cipher = createCipheriv('aes-256-cbc', secret, iv);
      const data = cipher.update(JSON.stringify(payload), 'utf8', 'hex') + cipher.final('hex');
      const body = JSON.stringify({ data });
      const headers = {
        'content-type': 'application/json',
        'content-length': body.length,
        'partner-code': partnerCode,
      };
      return new Promise((resolve, reject) => {
        const request = client.request(url + path, { method: 'POST', agent, headers }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString()) as Tokens));
        });
        request.on('error', reject);
        request.end(body);
      });
    };
    let tokens = await post(loginPath, credentials);
    return async () => (tokens = await post(refreshPath, { refresh_token: tokens.refresh_token }));
  },
  'got alone (plain body)': async ({ url, ca }) => {
    const { default: got } = await import('got');
    const agent = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) };
    const client = got.extend({ prefixUrl: url, agent, ...(ca && { https: { certificateAuthority: ca } }) });
    const post = (path: string, payload: object): Promise<Tokens> =>
      client.post(path.slice(1), { json: payload }).json<Tokens>();
    let tokens = await post(loginPath, credentials);
    return async () => (tokens = await post(refreshPath, { refresh_token: tokens.refresh_token }));
  },
  'tutorial (got and node-forge)': async ({ url, ca }) => {
    const [{ default: got }, { default: forge }] = await Promise.all([import('got'), import('node-forge')]);
    const post = (path: string, payload: object): Promise<Tokens> => {
      const cipher = forge.cipher.createCipher('AES-CBC', key.toString('binary'));
      cipher.start({ iv: iv.toString('binary') });
      cipher.update(forge.util.createBuffer(JSON.stringify(payload), 'utf8'));
      cipher.finish();
      return got
        .post(url + path, {
          json: { data: cipher.output.toHex() },
          headers: { 'Partner-Code': partnerCode },
          ...(ca && { https: { certificateAuthority: ca } }),
        })
        .json<Tokens>();
    };
    let tokens = await post(loginPath, credentials);
    return async () => (tokens = await post(refreshPath, { refresh_token: tokens.refresh_token }));
  },
};

export const exchangeNames = Object.keys(clients);

async function run(name: string, options: ExchangeOptions): Promise<Metrics> {
  const start = performance.now();
  const refresh = await (clients[name] as SignIn)(options);
  const login = performance.now() - start;
  for (let i = 0; i < options.refreshes / 4; i++) await refresh();
  const times: number[] = [];
  const processorBefore = process.cpuUsage();
  for (let i = 0; i < options.refreshes; i++) {
    const before = performance.now();
    await refresh();
    times.push(performance.now() - before);
  }
  const { user, system } = process.cpuUsage(processorBefore);
  return { login, refresh: median(times), processor: (user + system) / 1000 / options.refreshes };
}

export const candidates: Candidates = Object.fromEntries(
  exchangeNames.map((name) => [name, (options: ExchangeOptions) => run(name, options)]),
);
