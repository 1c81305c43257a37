import { callMethods, matchesCall, normalPath, type CallPattern } from '../partners/call-pattern.ts';
import type { BodyForm } from '../partners/definition.ts';
import { isEncryptedText, isJsonType } from './content.ts';
import { secretHeader, type IncomingCall } from './incoming-call.ts';
import type { Refusal } from './own-response.ts';

/** What a gateway lets through. */
export interface Rules {
  /** The accepted values of `Host`; undefined for a Unix socket, which no name leads to. */
  readonly hosts: readonly string[] | undefined;
  /** GET, HEAD and `safe` only. */
  readonly readOnly: boolean;
  readonly safe: readonly CallPattern[];
  /** Undefined for all calls. */
  readonly allow: readonly CallPattern[] | undefined;
  /** The headers that the session sets, in lower case. */
  readonly ownHeaders: readonly string[];
  readonly form: BodyForm;
  /** The name of the partner. */
  readonly label: string;
}

export type Defence = (call: IncomingCall, rules: Rules) => Refusal | undefined;

const forbidden = (message: string): Refusal => ({ code: 'forbidden', message });

export const methodRefusal = forbidden(`The gateway passes on ${callMethods.join(', ')} only.`);

/** By which some servers (Express, Rails, Symfony, IIS) serve a method or path other than those that the rules compare. */
const overrides = [
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
] as const;

function overrideRefusal(headers: IncomingCall['headers']): Refusal | undefined {
  const name = overrides.find((override) => headers[override] !== undefined);
  if (name === undefined) return undefined;
  return forbidden(`The header ${name} could make the server serve another call than the rules allow. Remove it.`);
}

/**
 * What protects the gateway from web pages, other programs of the machine and mistakes of its caller, in the order in which
 * it is checked. Each is a function of the head of a request, so that a test can show what each prevents by itself.
 */
export const defences = {
  /** DNS rebinding: a web page whose host name has come to lead to this machine. */
  host({ hosts }, rules) {
    if (rules.hosts === undefined) return undefined;
    const [host] = hosts;
    if (hosts.length === 1 && host !== undefined && rules.hosts.includes(host.toLowerCase())) return undefined;
    return forbidden(`The header Host must be ${rules.hosts[0] ?? 'that of the gateway'}.`);
  },

  /** Web pages that send: every request of theirs with a body, or whose response they can read, has an origin. */
  origin({ headers }) {
    if (headers.origin === undefined) return undefined;
    return forbidden('The request has the header Origin: it comes from a web page, and the gateway serves none.');
  },

  /** Web pages that do without an origin: images, scripts, links. */
  fetchSite({ headers }) {
    const site = headers['sec-fetch-site'];
    if (site === undefined || site === 'none') return undefined;
    return forbidden(
      'The request has the header Sec-Fetch-Site: a web page has caused it, and the gateway serves none.',
    );
  },

  /** Preflights of web pages, and what a proxy could be made to do. */
  method({ method }) {
    return callMethods.includes(method) ? undefined : methodRefusal;
  },

  /** Other users of the machine, and links that a person follows. */
  secret({ hasSecret, repeatsSecret }) {
    if (repeatsSecret)
      return forbidden('The secret of the gateway is in the path more than once. The partner must not receive it.');
    if (hasSecret) return undefined;
    return forbidden(
      `The secret of the gateway is missing or wrong. Put it in front of the path, as in the URL that the gateway has printed, or in the header ${secretHeader}.`,
    );
  },

  /** Paths that the rules below would compare in another form than the partner serves. */
  path({ path }) {
    const normal = normalPath(path);
    return 'problem' in normal ? { code: 'invalidRequest', message: `The path ${normal.problem}.` } : undefined;
  },

  /** A caller that would call as someone else. */
  ownHeaders({ headers }, { ownHeaders }) {
    const name = ownHeaders.find((own) => headers[own] !== undefined);
    return name === undefined ? undefined : forbidden(`The gateway itself sets the header ${name}. Remove it.`);
  },

  readOnly({ method, path, headers }, { readOnly, safe, label }) {
    if (!readOnly) return undefined;
    const refusal = overrideRefusal(headers);
    if (refusal !== undefined || method === 'GET' || method === 'HEAD') return refusal;
    if (isMatched(safe, method, path)) return undefined;
    return forbidden(
      `The gateway is read-only: it passes on GET, HEAD and the calls that ${label} is known to read with.`,
    );
  },

  allow({ method, path, headers }, { allow }) {
    if (allow === undefined) return undefined;
    const refusal = overrideRefusal(headers);
    if (refusal !== undefined || isMatched(allow, method, path)) return refusal;
    return forbidden('The gateway does not allow this method and path.');
  },

  /** Bodies that a web page can send, or a client by default, and that would not be encrypted. */
  contentType({ headers, hasBody }, { form, label }) {
    if (!hasBody || form.form !== 'encrypted') return undefined;
    const type = headers['content-type'];
    if (isJsonType(type) || isEncryptedText(form, type)) return undefined;
    if (type !== undefined && !/^\s*(?:text\/|application\/x-www-form-urlencoded\b)/i.test(type)) return undefined;
    return {
      code: 'unsupportedBody',
      message: `${label} takes encrypted JSON: send the body as JSON, with the header Content-Type: application/json.`,
    };
  },
} satisfies Readonly<Record<string, Defence>>;

export type DefenceName = keyof typeof defences;

export const allDefences = Object.keys(defences) as DefenceName[];

/** The first reason not to pass on a call. */
export function refusalOf(call: IncomingCall, rules: Rules, active: readonly DefenceName[]): Refusal | undefined {
  for (const name of active) {
    const refusal = defences[name](call, rules);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function isMatched(patterns: readonly CallPattern[], method: string, path: string): boolean {
  const normal = normalPath(path);
  return 'segments' in normal && patterns.some((pattern) => matchesCall(pattern, method, normal.segments));
}
