import { lookup } from 'node:dns/promises';
import { readFile, stat } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import tls, { TLSSocket } from 'node:tls';
import { createCipher, isPartnerAuthError } from '../index.ts';
import {
  authorities,
  cipherOf,
  connectionOf,
  fromHome,
  proxyFor,
  requiresPartnerCode,
  type CheckedProfile,
} from '../profiles/index.ts';
import type { FileProfiles } from '../profiles/files/index.ts';
import { stateText, statusOf } from './status.ts';
import { duration, localTime } from './terminal/times.ts';

/** One thing that a session depends on. */
export interface Check {
  readonly name: string;
  readonly result: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly text: string;
}

/** In ms, for one call. */
const timeout = 10_000;
/** In ms. Partners that check times usually allow some minutes; a token's lifetime is corrected by less. */
const clockTolerance = 60_000;

/** Looks at everything from this machine to the partner, in the order in which a call depends on it. Sends no secret. */
export async function checks(files: FileProfiles, profile: CheckedProfile, signal: AbortSignal): Promise<Check[]> {
  const local = [partnerCodeCheck(profile), ...(await storeChecks(files, profile)), await lockCheck(files, profile)];
  const url = new URL(profile.baseUrl);
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const proxy = proxyFor(profile.proxy, process.env, url.hostname, port, secure);
  const network: Check[] = [
    proxy === undefined
      ? { name: 'Proxy', result: 'ok', text: profile.proxy === false ? 'none, as the profile says' : 'none' }
      : { name: 'Proxy', result: 'ok', text: `${proxy.label}, by ${proxy.source.replaceAll('`', '')}` },
  ];
  if (proxy === undefined) network.push(await dnsCheck(url.hostname), ...(await serverChecks(profile, signal)));
  else {
    const text = `through the proxy ${proxy.label}`;
    network.push(...['DNS', 'TLS', 'Clock'].map((name) => ({ name, result: 'skipped', text }) as const));
  }
  return [...local, ...network, await partnerCheck(files, profile, signal)];
}

function partnerCodeCheck({ definition, partnerCode }: CheckedProfile): Check {
  const name = 'Partner code';
  if (!requiresPartnerCode(definition)) return { name, result: 'skipped', text: `${definition.label} has none` };
  return { name, result: 'ok', text: partnerCode ?? '' };
}

async function storeChecks(files: FileProfiles, profile: CheckedProfile): Promise<Check[]> {
  const { id } = profile;
  const known = await statusOf(files, profile);
  const { store: mode, problem } = known;
  const run = `partner-auth login ${id}`;
  if (mode === undefined && problem !== undefined) return [{ name: 'Store', result: 'failed', text: problem.message }];
  if (mode === undefined)
    return [{ name: 'Store', result: 'warning', text: `nothing is stored in ${files.paths.state}. Run: ${run}` }];
  const found: Check[] = [];
  const keyName = { keyring: 'Keyring', key: 'Store key', plain: 'Store key' }[mode];
  const stored = problem === undefined ? await storedSecrets(files, profile) : undefined;
  const error = problem ?? (isPartnerAuthError(stored) ? stored : undefined);
  if (mode === 'plain')
    found.push({ name: keyName, result: 'warning', text: 'none: secrets are stored in plain text' });
  else if (error !== undefined) found.push({ name: keyName, result: 'failed', text: error.message });
  else
    found.push({
      name: keyName,
      result: 'ok',
      text: mode === 'keyring' ? 'opens what is stored' : 'PARTNER_AUTH_STORE_KEY opens what is stored',
    });
  found.push(await folderCheck(files.paths.state));
  if (error === undefined) {
    const state = stateText(known, Date.now());
    const isUsable = ['valid', 'due', 'expired'].includes(known.status.phase);
    found.push({
      name: 'Session',
      result: isUsable ? 'ok' : 'warning',
      text: isUsable ? state : `${state}. Run: ${run}`,
    });
    if (profile.cipher !== undefined && stored !== undefined && !isPartnerAuthError(stored))
      found.push(keyCheck(profile, stored));
  }
  return found;
}

async function storedSecrets(files: FileProfiles, profile: CheckedProfile) {
  try {
    return await (await (await files.pool()).store(profile)).secrets();
  } catch (error) {
    if (isPartnerAuthError(error)) return error;
    throw error;
  }
}

function keyCheck(profile: CheckedProfile, { key, iv }: { readonly key?: string; readonly iv?: string }): Check {
  const name = 'AES key';
  try {
    const settings = cipherOf(profile, key, iv);
    if (settings !== undefined) createCipher(settings);
    return { name, result: 'ok', text: 'fits the cipher settings of the profile' };
  } catch (error) {
    return { name, result: 'failed', text: error instanceof Error ? error.message : '' };
  }
}

async function folderCheck(folder: string): Promise<Check> {
  const name = 'Store';
  try {
    const { mode } = await stat(folder);
    const isOpen = process.platform !== 'win32' && (mode & 0o077) !== 0;
    if (isOpen) return { name, result: 'warning', text: `other users can open ${folder}. Run: chmod 700 ${folder}` };
    return { name, result: 'ok', text: folder };
  } catch (error) {
    return {
      name,
      result: 'failed',
      text: `${folder} cannot be opened (${(error as NodeJS.ErrnoException).code ?? ''})`,
    };
  }
}

async function lockCheck(files: FileProfiles, { id }: CheckedProfile): Promise<Check> {
  const name = 'Lock';
  try {
    const held = await files.tokenStore(id).lockState?.();
    if (held === undefined) return { name, result: 'ok', text: 'free' };
    return { name, result: 'warning', text: `held by ${held.owner ?? 'another process'}` };
  } catch (error) {
    return { name, result: 'failed', text: isPartnerAuthError(error) ? error.message : 'cannot be read' };
  }
}

async function dnsCheck(hostname: string): Promise<Check> {
  const name = 'DNS';
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0) return { name, result: 'skipped', text: `${host} is an address` };
  try {
    const found = await lookup(host, { all: true });
    return { name, result: 'ok', text: `${host} is ${found.map(({ address }) => address).join(', ')}` };
  } catch (error) {
    return {
      name,
      result: 'failed',
      text: `${host} could not be resolved (${(error as NodeJS.ErrnoException).code ?? ''})`,
    };
  }
}

/** What a request without anything in it shows about the server: its certificate, and its clock. */
async function serverChecks(profile: CheckedProfile, signal: AbortSignal): Promise<Check[]> {
  const secure = profile.baseUrl.startsWith('https:');
  const plain: Check[] = secure ? [] : [{ name: 'TLS', result: 'skipped', text: 'the address is http' }];
  if (profile.clientCertificate !== undefined)
    return ['TLS', 'Clock'].map((name) => ({ name, result: 'skipped', text: 'a client certificate is required' }));
  try {
    const own = profile.caFile === undefined ? undefined : await readFile(fromHome(profile.caFile), 'utf8');
    const ca = own === undefined ? undefined : authorities(tls, own, false);
    const { certificate, date, sentAt, receivedAt } = await head(profile.baseUrl, ca, signal);
    return [...plain, ...(secure ? [tlsCheck(certificate)] : []), clockCheck(date, (sentAt + receivedAt) / 2)];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const text = code === 'ABORT_ERR' ? `none within ${timeout / 1000} s` : (code ?? message);
    // Without a connection, nothing is known about TLS.
    const result = noConnection.test(text) ? 'skipped' : 'failed';
    const tls = { name: 'TLS', result, text: result === 'failed' ? text : `no connection (${text})` } as const;
    return [...plain, ...(secure ? [tls] : []), { name: 'Clock', result: 'skipped', text: `no response (${text})` }];
  }
}

const noConnection = /^(?:EACCES|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOENT|ENOTFOUND|ETIMEDOUT|none .*)$/;

interface Head {
  readonly certificate:
    { readonly protocol: string | null; readonly issuer: string; readonly validTo: string } | undefined;
  readonly date: string | undefined;
  /** Epoch ms. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

function head(url: string, ca: string[] | undefined, signal: AbortSignal): Promise<Head> {
  return new Promise((resolve, reject) => {
    const sentAt = Date.now();
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const options = {
      method: 'HEAD',
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
      ...(ca && { ca }),
    };
    const request = send(url, options, (response) => {
      const { socket } = response;
      response.resume();
      resolve({
        certificate: socket instanceof TLSSocket ? certificateOf(socket) : undefined,
        date: response.headers.date,
        sentAt,
        receivedAt: Date.now(),
      });
    });
    request.once('error', reject).end();
  });
}

function certificateOf(socket: TLSSocket): NonNullable<Head['certificate']> {
  const { issuer, valid_to: validTo } = socket.getPeerCertificate();
  const names = [issuer.O ?? issuer.CN ?? 'an unknown authority'].flat();
  return { protocol: socket.getProtocol(), issuer: names.join(', '), validTo };
}

function tlsCheck(certificate: Head['certificate']): Check {
  const name = 'TLS';
  if (certificate === undefined) return { name, result: 'failed', text: 'the connection is not encrypted' };
  const { protocol, issuer, validTo } = certificate;
  const end = Date.parse(validTo);
  const left = end - Date.now();
  const text = `${protocol ?? 'TLS'}, certificate of ${issuer}, valid until ${localTime(end)}`;
  return { name, result: left < 14 * 86_400_000 ? 'warning' : 'ok', text };
}

function clockCheck(date: string | undefined, at: number): Check {
  const name = 'Clock';
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return { name, result: 'skipped', text: 'the server sends no Date' };
  const ahead = at - theirs;
  if (Math.abs(ahead) <= clockTolerance)
    return { name, result: 'ok', text: 'agrees with that of the server within a minute' };
  return {
    name,
    result: 'warning',
    text: `this machine is ${duration(ahead)} ${ahead > 0 ? 'ahead of' : 'behind'} the server. Set its clock`,
  };
}

/** Whether the partner's own server is at the address, by a refresh without a token, which it refuses. */
async function partnerCheck(files: FileProfiles, profile: CheckedProfile, signal: AbortSignal): Promise<Check> {
  const name = 'Partner';
  const { label } = profile.definition;
  const result = await (await files.pool()).probe(connectionOf(profile), signal, profile);
  switch (result.kind) {
    case 'partner':
      return { name, result: 'ok', text: `${result.url} responds as ${label}` };
    case 'other':
      return {
        name,
        result: 'failed',
        text: `${result.url} responds${result.status === undefined ? '' : ` with HTTP ${result.status}`}, but not as ${label} does. Check the address`,
      };
    case 'redirect':
      return {
        name,
        result: 'failed',
        text: `${result.url} redirects${result.location === undefined ? '' : ` to ${result.location}`}. Set that address`,
      };
    case 'failed':
      return { name, result: 'failed', text: result.error.message };
  }
}
