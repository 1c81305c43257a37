import { createDecipheriv, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AcmePayServer extends AsyncDisposable {
  /** The environment variables that the README example reads. */
  readonly env: Readonly<Record<string, string>>;
  /** `<method> <path>` of each request, and its decrypted payload. */
  readonly received: readonly { readonly call: string; readonly payload: unknown }[];
}

type Fields = Readonly<Record<string, string>>;

/**
 * Starts a server for ACME Pay, the fictional partner of the README. It shares no code with the library: payloads are
 * encrypted in `payload` with the key's first 16 bytes as IV, responses are plain JSON with the tokens in `result`, and
 * every call requires the merchant header.
 */
export async function startAcmePayServer(): Promise<AcmePayServer> {
  const key = randomBytes(16).toString('hex');
  const [merchant, user, secret] = ['M-4711', 'robot', randomBytes(8).toString('hex')];
  const received: { call: string; payload: unknown }[] = [];
  let tokens: { token: string; renewal_token: string } | undefined;

  const decryptBody = (body: string): Fields => {
    if (body === '') return {};
    const { payload } = JSON.parse(body) as { payload: string };
    const decipher = createDecipheriv('aes-256-cbc', key, key.slice(0, 16));
    return JSON.parse(decipher.update(payload, 'hex', 'utf8') + decipher.final('utf8')) as Fields;
  };
  const issue = (): object => {
    tokens = { token: randomBytes(12).toString('hex'), renewal_token: randomBytes(12).toString('hex') };
    return { status: 'OK', result: { ...tokens, valid_for: 900 } };
  };
  const refuse = (code: string): object => ({ status: 'FAILED', error: { code, text: 'ACME refused the call' } });

  function respond(call: string, payload: Fields, request: IncomingMessage): object {
    if (request.headers['x-merchant-id'] !== merchant) return refuse('E-MERCHANT');
    switch (call) {
      case 'POST /v2/token': {
        const { api_user, api_secret, grant_type } = payload;
        return api_user === user && api_secret === secret && grant_type === 'password' ? issue() : refuse('E-LOGIN');
      }
      case 'POST /v2/token/renew':
        return payload.renewal_token === tokens?.renewal_token ? issue() : refuse('E-RENEWAL');
      case 'DELETE /v2/token':
        tokens = undefined;
        return { status: 'OK' };
      case 'GET /v2/balance':
        if (request.headers.authorization !== `Bearer ${tokens?.token ?? ''}`) return refuse('E-TOKEN');
        return { status: 'OK', balance: 1_500_000 };
      default:
        return refuse('E-PATH');
    }
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const call = `${request.method ?? ''} ${request.url ?? ''}`;
      const payload = decryptBody(Buffer.concat(chunks).toString());
      received.push({ call, payload });
      response.setHeader('content-type', 'application/json').end(JSON.stringify(respond(call, payload, request)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      ACME_URL: `http://127.0.0.1:${port}`,
      ACME_MERCHANT_ID: merchant,
      ACME_KEY: key,
      ACME_USER: user,
      ACME_SECRET: secret,
    },
    received,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
