import type { PartnerDefinition } from '../../core/index.ts';
import type { ProbeResult } from '../../core/profiles/index.ts';
import type { Translate } from './translate.ts';
import type { Doubt, Tidied } from './wizard.ts';

/**
 * A base URL as a person enters or pastes it, in the form that is saved: with a scheme, and cut to what the partner's paths are
 * added to, if they are known. Anything that cannot be a URL is returned as it is.
 */
export function tidyBaseUrl(raw: string, definition: PartnerDefinition | undefined, t: Translate): Tidied {
  const text = bare(raw);
  if (!URL.canParse(withScheme(text))) return { value: text };
  const url = new URL(withScheme(text));
  // Credentials in a URL are refused and not dropped: they may have been meant.
  if (url.username !== '' || url.password !== '' || !/^https?:$/.test(url.protocol)) return { value: text };
  const path = basePath(url, definition);
  const value = url.origin + (path.length === 0 ? '' : `/${path.join('/')}`);
  return value === raw ? { value } : { value, note: t('This address is used: {0}', value) };
}

/** The base URL and its parents, the longest path first: one of them may be the address of a page of the partner's site. */
export function parentUrls(baseUrl: string): readonly string[] {
  const { origin, pathname } = new URL(baseUrl);
  const path = segments(pathname);
  return Array.from({ length: path.length + 1 }, (_, removed) =>
    [origin, ...path.slice(0, path.length - removed)].join('/'),
  );
}

/** Asks the server whether it is the partner's. If another one of the parent URLs is, it is proposed. */
export async function checkServer(
  baseUrl: string,
  { label }: PartnerDefinition,
  probe: (baseUrl: string) => Promise<ProbeResult>,
  t: Translate,
): Promise<Doubt | undefined> {
  const [, ...parents] = parentUrls(baseUrl);
  const result = await probe(baseUrl);
  if (result.kind === 'partner') return undefined;
  if (result.kind === 'other') {
    for (const parent of parents) {
      if ((await probe(parent)).kind !== 'partner') continue;
      const message = t(
        '{0} does not respond like {1}, but {2} does. Press Enter to use it.',
        result.url,
        label,
        parent,
      );
      return { message, value: parent };
    }
  }
  return { message: describeProbe(result, label, t) };
}

/** Why what responds at an address is not the partner, and what to do. */
export function describeProbe(result: Exclude<ProbeResult, { kind: 'partner' }>, label: string, t: Translate): string {
  return `${describe(result, label, t)} ${t('Correct the address, or press Enter again to use it anyway.')}`;
}

function describe(result: Exclude<ProbeResult, { kind: 'partner' }>, label: string, t: Translate): string {
  const { url } = result;
  switch (result.kind) {
    case 'other':
      return result.status === undefined
        ? t('{0} responded, but not like {1}.', url, label)
        : t('{0} responded with HTTP {1}, but not like {2}.', url, result.status, label);
    case 'redirect':
      return result.location === undefined
        ? t('{0} returns a redirect, which is not followed.', url)
        : t('{0} redirects to {1}, which is not followed.', url, result.location);
    case 'failed':
      switch (result.error.code) {
        case 'timeout':
          return t('{0} did not respond in time.', url);
        case 'tls':
          return t('The certificate of {0} is not trusted.', url);
        case 'configuration':
          return t('{0}: the setting "{1}" is missing or not valid.', url, 'caFile');
        default:
          return t('{0} could not be reached.', url);
      }
  }
}

function bare(raw: string): string {
  return raw.replace(/[\p{Cc}\p{Cf}]/gu, '').replace(/^[\s\p{Z}"'`“”‘’«»<(]+|[\s\p{Z}"'`“”‘’«»>),;]+$/gu, '');
}

function withScheme(text: string): string {
  if (/^https?:/i.test(text) || /^[a-z][a-z\d+.-]*:\/\//i.test(text)) return text;
  const host = text.replace(/^\/+/, '');
  // A server on this machine rarely has a certificate, and http is allowed only there.
  const isLocal = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?:[:/?#]|$)/i.test(host);
  return `${isLocal ? 'http' : 'https'}://${host}`;
}

/** The path without the paths of the API, of a page, and of files. */
function basePath(url: URL, definition: PartnerDefinition | undefined): readonly string[] {
  const path = segments(url.pathname);
  const paths = definition === undefined ? [] : apiPaths(definition);
  const common = commonStart(paths);
  if (common.length > 0) {
    const at = path.findIndex((_, index) => startsWith(path.slice(index), common));
    if (at !== -1) return path.slice(0, at);
  }
  // A part of the API's path, such as `/api` of `/api/v4`, or one of its calls.
  for (const end of [...paths, ...common.map((_, index) => common.slice(0, index + 1))]) {
    const rest = path.slice(0, Math.max(0, path.length - end.length));
    if (path.length >= end.length && startsWith(path.slice(rest.length), end)) return rest;
  }
  // The page of a site whose address has a query.
  if (url.search !== '') return [];
  return /\.(?:html?|php|aspx?|jsp)$/i.test(path.at(-1) ?? '') ? path.slice(0, -1) : path;
}

function apiPaths({ login, refresh, logout, oneTimeCode, captcha, example }: PartnerDefinition): readonly string[][] {
  const calls = [login, refresh, logout, oneTimeCode, captcha, example].filter((call) => typeof call === 'object');
  return calls.map(({ path }) => segments(new URL(path, 'https://partner.example').pathname));
}

function commonStart([first = [], ...others]: readonly string[][]): string[] {
  const end = first.findIndex((segment, index) => others.some((path) => path[index] !== segment));
  return end === -1 ? first.slice(0, -1) : first.slice(0, end);
}

const startsWith = (path: readonly string[], start: readonly string[]): boolean =>
  start.every((segment, index) => path[index]?.toLowerCase() === segment.toLowerCase());

const segments = (path: string): string[] => path.split('/').filter((segment) => segment !== '');
