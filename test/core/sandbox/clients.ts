import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Sandbox, SandboxCipher, SandboxPartner } from '../../../core/sandbox/index.ts';

// Written from the wire descriptions, because the library's own client is tested against the sandbox and so cannot verify it.

export type Json = Readonly<Record<string, unknown>>;

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Json;
}

export interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

export const allPartners = ['tconnect', 'bizmail', 'cloudreve'] as const satisfies readonly SandboxPartner[];

/** A clock that moves only when `now` is changed. */
export function frozenClock(at = Date.UTC(2026, 2, 1, 12)): { now: number; readonly read: () => number } {
  const clock = { now: at, read: () => clock.now };
  return clock;
}

export async function send(url: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parseObject(text) };
}

export function postJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
  return send(url, init);
}

export function encrypt(cipher: SandboxCipher, payload: unknown): string {
  const key = Buffer.from(cipher.key, cipher.keyFormat);
  const iv = selectIv(cipher, randomBytes(16));
  const aes = createCipheriv('aes-256-cbc', key, iv);
  const body = Buffer.concat([
    aes.update(typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload)),
    aes.final(),
  ]);
  const bytes = cipher.iv.from === 'prefix' ? Buffer.concat([iv, body]) : body;
  if (cipher.output === 'base64') return bytes.toString('base64');
  return cipher.output === 'hex' ? bytes.toString('hex') : bytes.toString('hex').toUpperCase();
}

export function decrypt(cipher: SandboxCipher, text: string): string {
  const bytes = Buffer.from(text, cipher.output === 'base64' ? 'base64' : 'hex');
  const skip = cipher.iv.from === 'prefix' ? 16 : 0;
  const aes = createDecipheriv(
    'aes-256-cbc',
    Buffer.from(cipher.key, cipher.keyFormat),
    selectIv(cipher, bytes.subarray(0, 16)),
  );
  return Buffer.concat([aes.update(bytes.subarray(skip)), aes.final()]).toString('utf8');
}

function selectIv({ iv, key, keyFormat }: SandboxCipher, prefix: Buffer): Buffer {
  if (iv.from === 'fixed') return Buffer.from(iv.value, iv.format);
  return iv.from === 'key' ? Buffer.from(key, keyFormat).subarray(0, 16) : prefix;
}

export function postTconnect(
  { url, profiles: { tconnect } }: Sandbox,
  path: string,
  payload: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const envelope = { data: encrypt(tconnect.cipher, payload) };
  return postJson(`${url}/openapi/v1/${path}`, envelope, { 'Partner-Code': tconnect.partnerCode, ...headers });
}

export function login(sandbox: Sandbox, partner: SandboxPartner): Promise<Reply> {
  const { url, profiles } = sandbox;
  if (partner === 'tconnect') return postTconnect(sandbox, 'auth/login', profiles.tconnect.credentials);
  if (partner === 'bizmail') return postJson(`${url}/api/1.0/auth/token`, profiles.bizmail.credentials);
  return postJson(`${url}/api/v4/session/token`, profiles.cloudreve.credentials);
}

export function refresh(sandbox: Sandbox, partner: SandboxPartner, token: string): Promise<Reply> {
  const body = { refresh_token: token };
  if (partner === 'tconnect') return postTconnect(sandbox, 'auth/refresh', body);
  return postJson(`${sandbox.url}/api/${partner === 'bizmail' ? '1.0/auth' : 'v4/session/token'}/refresh`, body);
}

export const qrQuery = { from_date: '2026-03-01 00:00:00', to_date: '2026-03-02 00:00:00', limit: 10, page: 1 };

/** Makes the partner's protected call. */
export function callProtected(sandbox: Sandbox, partner: SandboxPartner, token: string): Promise<Reply> {
  const headers = { authorization: `Bearer ${token}` };
  if (partner === 'tconnect') return postTconnect(sandbox, 'transaction/qr', qrQuery, headers);
  if (partner === 'cloudreve') return send(`${sandbox.url}/api/v4/user/capacity`, { headers });
  return send(`${sandbox.url}/api/1.0/mail/store`, { method: 'POST', headers, body: mailForm() });
}

export function mailForm(changes: Record<string, string | undefined> = {}): FormData {
  const fields: Record<string, string | undefined> = {
    from: 'a@example.com',
    from_name: 'Anh',
    subject: 'Chào',
    to: 'b@example.com',
    text: 'Xin chào',
    ...changes,
  };
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.append(name, value);
  return form;
}

/** Returns the tokens of a success response of any partner, or undefined for a refusal. */
export function tokensOf({ json }: Reply): Tokens | undefined {
  const data = objectAt(json, 'data');
  const flat = objectAt(data, 'token') ?? data ?? json;
  const { access_token: access, refresh_token: refreshToken } = flat;
  return typeof access === 'string' ? { access, refresh: String(refreshToken) } : undefined;
}

export async function signIn(sandbox: Sandbox, partner: SandboxPartner): Promise<Tokens> {
  return assertDefined(tokensOf(await login(sandbox, partner)));
}

export async function refreshTokens(sandbox: Sandbox, partner: SandboxPartner, token: string): Promise<Tokens> {
  return assertDefined(tokensOf(await refresh(sandbox, partner, token)));
}

/** Whether the partner accepts the access token. */
export async function isAccepted(sandbox: Sandbox, partner: SandboxPartner, token: string): Promise<boolean> {
  const { status, json } = await callProtected(sandbox, partner, token);
  const { code = 0 } = json;
  return status === 200 && code === 0;
}

export function lastOutcome(sandbox: Sandbox): string | undefined {
  return sandbox.journal.at(-1)?.outcome;
}

export function assertDefined<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('expected a value');
  return value;
}

export function objectAt(value: Json | undefined, key: string): Json | undefined {
  const found = value?.[key];
  return typeof found === 'object' && found !== null ? (found as Json) : undefined;
}

export function jwtPart(token: string, index: 0 | 1): Json {
  return parseObject(Buffer.from(assertDefined(token.split('.')[index]), 'base64url').toString('utf8'));
}

function parseObject(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return {};
  }
}
