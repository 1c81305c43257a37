import { addressOf, isLoopbackHost, isPrivateAddress } from '../lib/addresses.ts';

/** Why a string cannot be the base URL of a session; undefined if it can. */
export function baseUrlProblem(baseUrl: unknown): string | undefined {
  const problem = urlProblem(baseUrl);
  if (problem !== undefined) return problem;
  const { protocol, hostname } = new URL(baseUrl as string);
  if (protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname))) return undefined;
  return 'must start with https://; http:// is for loopback addresses, and with `allowHttp: true` for private ones.';
}

/**
 * The same with `allowHttp: true`. A host name is accepted: the address that it resolves to is checked when a connection is
 * opened.
 */
export function baseUrlProblemWithHttp(baseUrl: unknown): 'publicHost' | { readonly message: string } | undefined {
  const message = urlProblem(baseUrl);
  if (message !== undefined) return { message };
  const { protocol, hostname } = new URL(baseUrl as string);
  if (protocol === 'https:') return undefined;
  if (protocol !== 'http:') return { message: 'must start with https:// or http://.' };
  const address = addressOf(hostname);
  return address === undefined || isPrivateAddress(address) ? undefined : 'publicHost';
}

/** Whether what is sent to an origin can be read on its network. What is sent to this machine is on none. */
export function isUnencrypted(origin: string): boolean {
  const { protocol, hostname } = new URL(origin);
  return protocol === 'http:' && !isLoopbackHost(hostname);
}

function urlProblem(baseUrl: unknown): string | undefined {
  const url = typeof baseUrl === 'string' && URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined) return 'must be the URL of the partner, such as https://partner.example.';
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return 'must have no user, password, query or fragment. Pass credentials to login().';
  }
  return undefined;
}

/**
 * The base URL without the part of its path that repeats the beginning of `path`, such as `/api/v4`; undefined if it has
 * none.
 */
export function withoutRepeatedPath(baseUrl: string, path: string): string | undefined {
  const { origin, pathname } = new URL(baseUrl);
  const base = pathname.split('/').filter(Boolean);
  const steps = path.split(/[/?]/).filter(Boolean);
  for (let count = base.length; count > 0; count--) {
    const kept = base.slice(0, -count);
    const repeated = base.slice(-count);
    if (repeated.every((step, index) => step === steps[index])) return [origin, ...kept].join('/');
  }
  return undefined;
}
