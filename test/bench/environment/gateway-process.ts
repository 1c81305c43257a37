/**
 * A gateway in a process of its own: `node gateway-process.ts NAME OPTIONS` starts one, sends its address to the parent, and
 * exits with it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type * as Core from '../../../core/index.ts';
import type * as Gateway from '../../../core/gateway/index.ts';

interface GatewayProcessOptions {
  /** The built library. */
  readonly core: string;
  /** Of the profile and its credentials. */
  readonly profile: Core.SessionOptions;
  readonly credentials: Core.Credentials;
}

/** Each resolves with the URL to put in front of a path. */
const gateways: Readonly<Record<string, (options: GatewayProcessOptions) => Promise<string>>> = {
  async 'Partner Auth'({ core, profile, credentials }) {
    const { openSession } = (await import(core)) as typeof Core;
    const { startGateway } = (await import(core.replace(/index\.js$/, 'gateway/index.js'))) as typeof Gateway;
    const session = await openSession(profile);
    await session.login(credentials);
    return (await startGateway(session)).url;
  },
  async got({ profile }) {
    const { default: got } = await import('got');
    const client = got.extend({
      agent: { http: new http.Agent({ keepAlive: true }) },
      responseType: 'buffer',
      throwHttpErrors: false,
      retry: { limit: 0 },
      followRedirect: false,
    });
    return listen((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url = '', headers } = request;
        const { host: _host, connection: _connection, 'content-length': _length, ...rest } = headers;
        void client(profile.baseUrl + url, {
          method: method as 'POST',
          headers: rest,
          ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
        }).then(({ statusCode, headers: received, rawBody }) => {
          const { connection: _own, 'transfer-encoding': _encoding, 'keep-alive': _alive, ...returned } = received;
          response.writeHead(statusCode, { ...returned, 'content-length': rawBody.length });
          response.end(rawBody);
        });
      });
    });
  },
  async 'http-proxy-3'({ profile }) {
    const { createProxyServer } = await import('http-proxy-3');
    const agent = new http.Agent({ keepAlive: true });
    const proxy = createProxyServer({ target: profile.baseUrl, agent });
    return listen((request, response) => {
      proxy.web(request, response);
    });
  },
};

export const gatewayNames = Object.keys(gateways);

async function listen(listener: RequestListener): Promise<string> {
  const server = http.createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  /** The processor time that it has used so far, in ms. */
  processorTime(): Promise<number>;
}

export async function startGatewayProcess(name: string, options: GatewayProcessOptions): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [import.meta.filename, name, JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [url] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`The gateway ${name} did not start.`))),
  ])) as [string];
  return {
    url,
    async processorTime() {
      child.send('processorTime');
      const [time] = (await once(child, 'message')) as [number];
      return time;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

if (process.argv[1] === import.meta.filename && process.send !== undefined) {
  const [, , name = '', options = ''] = process.argv;
  const start = gateways[name];
  if (start === undefined) throw new Error(`There is no gateway "${name}".`);
  process.send(await start(JSON.parse(options) as GatewayProcessOptions));
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.((user + system) / 1000);
  });
  process.on('disconnect', () => process.exit());
}
