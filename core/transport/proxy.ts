import { addressOf, isInRange, isLoopbackHost } from '../lib/addresses.ts';
import { configurationError } from '../lib/errors.ts';

/** Where a proxy is set. `false`: none is used. */
export type ProxyOption = string | false | undefined;

export interface Proxy {
  readonly secure: boolean;
  readonly hostname: string;
  readonly port: number;
  /** For messages: host and port, without credentials. */
  readonly label: string;
  /** What to change if it is wrong. */
  readonly source: string;
  /** Where its user and password are: next to it, or with the secrets of a profile. */
  readonly credentialsIn: CredentialsIn;
  /** The header `Proxy-Authorization`. */
  readonly authorization: string | undefined;
  readonly secrets: readonly string[];
}

/** The environment variables that are read, in order of precedence. */
const proxyVariables = ['https_proxy', 'HTTPS_PROXY'];
const exceptionVariables = ['no_proxy', 'NO_PROXY'];

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Checks the option `proxy`.
 *
 * @throws PartnerAuthError `configuration` naming it.
 */
export function checkProxy(option: unknown, baseUrl: string, allowHttp: boolean): void {
  if (option === undefined || option === false) return;
  if (typeof option !== 'string') throw proxyError('proxy');
  const { hostname } = parseProxy(option, 'proxy');
  if (new URL(baseUrl).protocol !== 'http:') return;
  if (allowHttp) {
    throw configurationError(
      'proxy',
      'proxy cannot be used with allowHttp and an http:// baseUrl: what is not encrypted is never sent through a proxy. Use https, or remove proxy.',
    );
  }
  if (!isLoopbackHost(hostname)) {
    throw configurationError(
      'proxy',
      'proxy must be on loopback if baseUrl starts with http://: what is not encrypted must not leave this machine.',
    );
  }
}

/** Whether the option `proxy` has the user and password in it, or is that of a profile, which keeps them with its secrets. */
export type CredentialsIn = 'url' | 'profile';

/** The proxy for connections to a host. `hostname` is as in `URL.hostname` or without the brackets of an IPv6 address. */
export function proxyFor(
  option: ProxyOption,
  environment: Environment,
  hostname: string,
  port: number,
  secure: boolean,
  credentialsIn: CredentialsIn = 'url',
): Proxy | undefined {
  if (option === false) return undefined;
  if (option !== undefined) return { ...parseProxy(option, 'proxy'), credentialsIn };
  // Without TLS, partners are on loopback or private addresses, which are never reached through a proxy of the environment.
  if (!secure || isLoopbackName(hostname)) return undefined;
  const name = proxyVariables.find((variable) => isSet(environment[variable]));
  if (name === undefined || isExcepted(environment, hostname, port)) return undefined;
  const value = environment[name] ?? '';
  return parseProxy(value.includes('://') ? value : `http://${value}`, name);
}

/** Whether connections may be opened through a proxy. */
export function mayUseProxy(option: ProxyOption, environment: Environment): boolean {
  return option === undefined ? proxyVariables.some((name) => isSet(environment[name])) : option !== false;
}

/** The passwords and tokens of the proxies that may be used. */
export function proxySecrets(option: ProxyOption, environment: Environment): readonly string[] {
  const values = option === undefined ? proxyVariables.map((name) => environment[name]) : [option];
  return values.flatMap((value) => {
    if (typeof value !== 'string') return [];
    const url = value.includes('://') ? value : `http://${value}`;
    return URL.canParse(url) ? credentialsOf(new URL(url)).secrets : [];
  });
}

/** Whether a string is the URL of a proxy without credentials. */
export function isPlainProxyUrl(value: string): boolean {
  try {
    return parseProxy(value, 'proxy').authorization === undefined;
  } catch {
    return false;
  }
}

/** The URL of a proxy with credentials. */
export function withProxyCredentials(proxy: string, username: string, password: string): string {
  const url = new URL(proxy);
  url.username = encodeURIComponent(username);
  url.password = encodeURIComponent(password);
  return url.href;
}

function parseProxy(value: string, from: string): Proxy {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw proxyError(from);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.port === '0') throw proxyError(from);
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  return {
    secure,
    hostname: url.hostname,
    port,
    label: `${url.hostname}:${port}`,
    source: from === 'proxy' ? '`proxy`' : `the environment variable ${from}`,
    credentialsIn: 'url',
    ...credentialsOf(url),
  };
}

function proxyError(from: string): Error {
  const name = from === 'proxy' ? 'proxy' : `proxy is not set, and the environment variable ${from}`;
  return configurationError(
    'proxy',
    `${name} must be the http:// or https:// URL of a proxy without a path, such as http://proxy.example:3128${from === 'proxy' ? ', or false for none' : '; pass `proxy: false` to ignore it'}.`,
  );
}

function credentialsOf(url: URL): Pick<Proxy, 'authorization' | 'secrets'> {
  if (url.username === '' && url.password === '') return { authorization: undefined, secrets: [] };
  const password = decode(url.password);
  const pair = `${decode(url.username)}:${password}`;
  // Some proxies take a token as the user, without a password.
  const secrets = [password === '' ? decode(url.username) : password, pair];
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}`, secrets };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that was not encoded.
    return text;
  }
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

function isLoopbackName(hostname: string): boolean {
  const address = addressOf(hostname);
  if (address === undefined) return /(?:^|\.)localhost\.?$/i.test(hostname);
  return ['127.0.0.0/8', '::1/128'].some((range) => isInRange(address, range));
}

/**
 * Whether `NO_PROXY` lists a host: names with or without the domain's dot, `*` alone or for the start of a name, addresses, each with or
 * without a port, and ranges.
 */
function isExcepted(environment: Environment, hostname: string, port: number): boolean {
  const list = exceptionVariables.map((name) => environment[name]).find(isSet) ?? '';
  const name = hostname.toLowerCase().replace(/\.$/, '');
  const address = addressOf(name);
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      if (entry === '') return false;
      if (address !== undefined && isInRange(address, entry)) return true;
      const [, host = entry, onlyPort] = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(entry) ?? [];
      if (onlyPort !== undefined && Number(onlyPort) !== port) return false;
      if (host === '*') return true;
      if (address !== undefined) return sameAddress(address, host);
      const domain = host.replace(/^\*?\./, '').replace(/\.$/, '');
      if (domain.startsWith('*')) return name.endsWith(domain.slice(1));
      return domain !== '' && (name === domain || name.endsWith(`.${domain}`));
    });
}

function sameAddress(address: string, host: string): boolean {
  const other = addressOf(host);
  return other !== undefined && isInRange(address, `${other}/${other.includes(':') ? 128 : 32}`);
}
