import { didYouMean } from '../lib/did-you-mean.ts';
import { plainLine } from '../lib/plain-line.ts';
import type { ExampleCall } from '../partners/definition.ts';
import { isObject } from './check-arguments.ts';
import type { PartnerSession } from './partner-session.ts';
import type { RequestOptions } from './request/check-request.ts';
import type { CallOptions } from './token-source.ts';

/** Names that other HTTP libraries use, with what replaces them in `request()`. */
const otherNames: Readonly<Record<string, string>> = {
  data: 'Pass the fields of the body as `payload`.',
  form: 'Pass the fields of the body as `payload`.',
  json: 'Pass the fields of the body as `payload`.',
  params: 'Pass the parameters as `query`.',
  searchParams: 'Pass the parameters as `query`.',
};

/** Options of `request()` that a caller may expect elsewhere, with what replaces them there. */
const ofRequests: Readonly<Record<string, string>> = {
  body: 'It is an option of request().',
  query: 'It is an option of request().',
  timeout: 'Pass `timeout` to openSession(), or a `signal` here.',
};

// `path` and `safe` are those of a partner definition's example, which may be passed as it is.
const requestOptions = Object.keys({
  method: 0,
  query: 0,
  payload: 0,
  body: 0,
  contentType: 0,
  headers: 0,
  timeout: 0,
  maxResponseSize: 0,
  expect: 0,
  retry: 0,
  signal: 0,
  path: 0,
  safe: 0,
} satisfies Record<keyof (RequestOptions & CallOptions & ExampleCall), 0>);

/** The options of each method. */
const knownOptions = {
  login: ['signal'],
  ensureSignedIn: ['replace', 'signal'],
  adopt: ['signal'],
  refresh: ['signal'],
  accessToken: ['minValidity', 'signal'],
  request: requestOptions,
  stream: requestOptions,
  fetch: [],
  // Of the gateway, and not public.
  forward: ['signal'],
  configure: ['refreshMargin', 'autoRefresh'],
  signOut: [],
  on: ['reveal'],
  close: ['drain'],
} satisfies Partial<Record<keyof PartnerSession | 'forward', readonly string[]>>;

/** A method with options. */
export type Method = keyof typeof knownOptions;

/**
 * Checks the options of a session's method.
 *
 * @throws TypeError if they are not an object, for an option that the method does not have, which would be ignored, or if
 * `signal` is not an `AbortSignal`.
 */
export function checkCallOptions(method: Method, options: unknown): void {
  if (options === undefined) return;
  if (!isObject(options)) {
    const [name = ''] = knownOptions[method];
    const isValue = typeof options === 'number' || typeof options === 'boolean';
    const hint = isValue ? ` Did you mean ${method}({ ${name}: ${options} })?` : '';
    throw new TypeError(`The options of ${method}() must be an object.${hint}`);
  }
  const known: readonly string[] = knownOptions[method];
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const hints = known === requestOptions ? otherNames : { ...otherNames, ...ofRequests };
    const hint = Object.hasOwn(hints, name) ? ` ${hints[name] ?? ''}` : didYouMean(name, known);
    throw new TypeError(`${method}() has no option "${plainLine(name, 80)}".${hint}${listOf(known, hint)}`);
  }
  const { signal } = options;
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw new TypeError(
      `The option signal of ${method}() must be an AbortSignal, such as AbortSignal.timeout(5000) or controller.signal.`,
    );
  }
}

function listOf(known: readonly string[], hint: string): string {
  return hint !== '' || known.length === 0 ? '' : ` Known: ${known.join(', ')}.`;
}

function isAbortSignal(value: unknown): boolean {
  return isObject(value) && typeof value.aborted === 'boolean' && typeof value.addEventListener === 'function';
}
