// Uses the public types as a program would. Compiled against the installed package, but never run. Each expected error
// also proves that the types were found.
import {
  createCipher,
  decodeToken,
  definePartner,
  fileStore,
  isPartnerAuthError,
  memoryStore,
  openSession,
  PartnerAuthError,
  partners,
  type Cipher,
  type CipherSettings,
  type Credentials,
  type Logger,
  type PartnerResponse,
  type RequestBody,
  type StreamedResponse,
  type PartnerAuthErrorCode,
  type PartnerDefinition,
  type PartnerSession,
  type Phase,
  type SessionOptions,
  type SessionStatus,
  type TokenStore,
} from 'partner-auth';
import { createReadStream } from 'node:fs';
import { gatewaySecret, startGateway, type Gateway, type GatewayOptions } from 'partner-auth/gateway';
import { startSandbox, type Sandbox, type SandboxOptions } from 'partner-auth/sandbox';
import { fakeSession, type FakeSession } from 'partner-auth/testing';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const assertTrue = <_T extends true>(): void => undefined;

export async function session(store: TokenStore, logger: Logger, signal: AbortSignal): Promise<void> {
  const cipher: CipherSettings = { key: new Uint8Array(32), iv: { from: 'prefix' }, output: 'hex-upper' };
  const options: SessionOptions = {
    partner: 'tconnect',
    baseUrl: 'https://partner.example',
    partnerCode: 'M-1',
    cipher,
    store,
    refreshMargin: 60,
    timeout: 5_000,
    ca: '',
    logger,
    autoRefresh: true,
    response: { tokensIn: 'data', encryptedIn: 'data' },
    extraFields: { login: { grant_type: 'password' } },
  };
  await using open: PartnerSession = await openSession(options);
  await openSession({ partner: partners.bizmail, baseUrl: '', bodyForm: 'multipart', logger: console });

  const credentials: Credentials = { username: 'a', password: 'b' };
  await open.login(credentials, { signal });
  await open.refresh({ signal });
  const token: string = await open.accessToken({ minValidity: 60, signal });
  const response: PartnerResponse = await open.request('/x', {
    method: 'PUT',
    payload: { a: 1 },
    headers: { b: 'c' },
    signal,
  });
  interface Order {
    id: number;
    lines: { sku: string }[];
  }
  const order: Order = { id: 1, lines: [] };
  const typed: PartnerResponse<Order> = await open.request<Order>('/x', {
    query: { page: 1, tags: ['a', 'b'], all: true },
    payload: order,
    timeout: 1000,
    maxResponseSize: 1024,
    expect: 'file',
    retry: 'always',
  });
  await open.request('/x', { payload: [order] });
  const bodies: RequestBody[] = ['text', new Uint8Array(1), new Blob([]), new FormData(), new URLSearchParams()];
  bodies.push(new Blob([]).stream(), createReadStream('x'));
  for (const body of bodies) await open.request('/x', { body, contentType: 'text/csv' });
  const streamed: StreamedResponse = await open.stream('/x', { query: new URLSearchParams() });
  for await (const chunk of streamed.body) void chunk.byteLength;
  const fetched: Response = await open.fetch(new URL('https://partner.example/x'), {
    method: 'POST',
    body: '{}',
    signal,
  });
  const fetchLike: typeof fetch = open.fetch;
  void [typed.body.lines, fetched.ok, fetchLike];
  // @ts-expect-error a query carries no objects
  await open.request('/x', { query: { a: { b: 1 } } });
  // @ts-expect-error a string is no payload
  await open.request('/x', { payload: '{}' });

  const { revoked }: { readonly revoked: boolean } = await open.signOut();
  const stop: () => void = open.on('change', (status) => void status.phase);
  stop();
  await open.close();
  const text: string = response.text;
  const bytes: Uint8Array = response.bytes;
  const cookies: readonly string[] | undefined = response.headers['set-cookie'];
  const contentType: string | undefined = response.headers['content-type'];
  void [token, response.status, response.ok, text, bytes, cookies, contentType, revoked];

  // @ts-expect-error no such partner
  await openSession({ partner: 'acme', baseUrl: '' });
  // @ts-expect-error no such option
  await openSession({ partner: 'bizmail', baseUrl: '', insecure: true });
  // @ts-expect-error the base URL is missing
  await openSession({ partner: 'bizmail' });
  // @ts-expect-error the body is unknown until it has been checked
  void response.body.anything;
  // @ts-expect-error no such event
  open.on('refresh', () => undefined);
  // @ts-expect-error a status is a snapshot
  open.status.phase = 'valid';
}

export function status(value: SessionStatus): Phase {
  assertTrue<Same<Phase, 'signedOut' | 'valid' | 'due' | 'expired' | 'ended'>>();
  assertTrue<Same<SessionStatus['refreshing'], boolean>>();
  assertTrue<Same<SessionStatus['accessExpiresAt'], number | undefined>>();
  assertTrue<Same<SessionStatus['refreshExpiresAt'], number | undefined>>();
  assertTrue<Same<SessionStatus['account'], string | undefined>>();
  assertTrue<Same<SessionStatus['lastError'], PartnerAuthError | undefined>>();
  return value.phase;
}

export function cipher(): Cipher {
  const created = createCipher({ key: 'k', keyFormat: 'base64', iv: { from: 'fixed', value: 'v', format: 'hex' } });
  assertTrue<Same<ReturnType<Cipher['encrypt']>, string>>();
  assertTrue<Same<ReturnType<Cipher['decrypt']>, string>>();
  assertTrue<Same<Parameters<Cipher['encrypt']>, [plaintext: string | Uint8Array]>>();
  const bytes: Uint8Array = created.decryptBytes('00');
  // @ts-expect-error the IV rule has no default
  createCipher({ key: 'k' });
  // @ts-expect-error no such rule
  createCipher({ key: 'k', iv: { from: 'counter' } });
  void bytes;
  return created;
}

export function errors(error: unknown): PartnerAuthErrorCode | undefined {
  if (!isPartnerAuthError(error)) return undefined;
  const created: Error = new PartnerAuthError('network', 'text', { retryable: false });
  const retryable: boolean = error.retryable;
  const status: number | undefined = error.status;
  const correlationId: string | undefined = error.correlationId;
  void [created, retryable, status, correlationId];
  // @ts-expect-error no such code
  if (error.code === 'unauthorized') return undefined;
  return error.code;
}

export function rest(definition: PartnerDefinition): TokenStore[] {
  const checked: PartnerDefinition = definePartner(definition);
  assertTrue<Same<keyof typeof partners, 'tconnect' | 'bizmail' | 'cloudreve'>>();
  const claims = decodeToken('jwt')?.claims;
  const never: false | undefined = decodeToken('jwt')?.verified;
  void [checked, claims, never];
  return [memoryStore(), fileStore('session.json')];
}

export async function sandbox(options: SandboxOptions): Promise<Sandbox> {
  const running: Sandbox = await startSandbox(options);
  const { url, journal, profiles } = running;
  const open = await openSession({ ...profiles.tconnect });
  await open.login({ ...profiles.tconnect.credentials });
  void [url, journal[0]?.call];
  running.set({ accessLifetime: 1, twoFactor: true });
  running.fail({ status: 500 }, { partner: 'bizmail', call: 'refresh', times: 2 });
  // @ts-expect-error no such scenario
  running.set({ acccessLifetime: 1 });
  await running.close();
  return running;
}

export async function testing(): Promise<PartnerSession> {
  const fake: FakeSession = fakeSession({
    tokens: ['a', { accessToken: 'b', accessExpiresAt: Date.now() }],
    fail: { refresh: 'sessionEnded' },
    respond: (path) => ({ status: 404, body: { path } }),
  });
  fake.fail('network');
  const { lastError }: SessionStatus = { phase: 'due', refreshing: false, lastError: new PartnerAuthError('tls', 'x') };
  // @ts-expect-error no such code
  fakeSession({ fail: 'nope' });
  // @ts-expect-error no such method
  fakeSession({ fail: { reqest: 'network' } });
  const literal: PartnerSession = {
    status: fake.status,
    login: async () => undefined,
    ensureSignedIn: async () => undefined,
    adopt: async () => undefined,
    refresh: async () => undefined,
    accessToken: async () => 'a',
    request: fake.request,
    stream: fake.stream,
    fetch: async () => new Response(),
    configure: () => undefined,
    signOut: async () => ({ revoked: true }),
    on: () => () => undefined,
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
  void [lastError, await fake.accessToken()];
  return literal;
}

export async function gateway(open: PartnerSession, options: GatewayOptions): Promise<string> {
  await using running: Gateway = await startGateway(open, { ...options, secret: await gatewaySecret('secret') });
  const parts: [url: string, address: string] = [running.url, running.address];
  await startGateway(open, { port: 0, readOnly: true, allow: ['GET /orders/*'], maxBodySize: 1, timeout: 1 });
  // @ts-expect-error no such option
  await startGateway(open, { host: '0.0.0.0' });
  // @ts-expect-error it is for the gateway alone
  void open.forward;
  await running.close({ drain: 0 });
  return parts.join();
}
