import { createCipher, type Cipher } from '../cipher/cipher.ts';
import type { CipherSettings } from '../cipher/settings.ts';
import { resolveConnection, type Connection, type ConnectionOptions } from '../exchange/connection.ts';
import { retryPolicies, type RetryPolicy } from '../exchange/repeat.ts';
import { checkClock, type Clock } from '../lib/clock.ts';
import { configurationError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { assertKnownKeys } from '../lib/validation.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import { isUnencrypted } from '../partners/base-url.ts';
import { callKinds, requiresCipher } from '../partners/requirements.ts';
import { responseShapeOf } from '../partners/response-shape.ts';
import type { TokenStore } from '../stores/token-store.ts';
import type { ClientCertificate } from '../transport/client-certificate.ts';
import { checkProxy } from '../transport/proxy.ts';
import { hasMethods } from './check-arguments.ts';
import type { Partner } from './partner-types.ts';
import type { Credentials, CredentialsSource } from './sign-in/credentials.ts';

/** Options of `openSession()`. */
export interface SessionOptions<P extends Partner = Partner> extends ConnectionOptions<P> {
  /** How payloads are encrypted. Required if the partner takes encrypted payloads. */
  readonly cipher?: CipherSettings | undefined;
  /** Where the session is stored. Default: `memoryStore()`, for the lifetime of the process. */
  readonly store?: TokenStore | undefined;
  /**
   * How long before its expiry an access token is refreshed, in seconds from 0 to 31,536,000. At most half of the
   * token's lifetime. Default 300 (5 minutes).
   */
  readonly refreshMargin?: number | undefined;
  /**
   * Total deadline of one exchange with the partner including its retries, in ms from 1 to 300,000. A refresh whose
   * response was lost is sent again and may take twice as long. A call that exceeds it fails with code `timeout`.
   * Default 30,000 (30 seconds).
   */
  readonly timeout?: number | undefined;
  /** When protected calls are sent again by themselves; a call may state its own. Default `'idempotent'`. */
  readonly retry?: RetryPolicy | undefined;
  /** PEM of certificate authorities to trust in addition to the default ones. */
  readonly ca?: string | undefined;
  /**
   * URL of an HTTP proxy, such as `http://proxy.example:3128`, with a user and password if it requires them; false for
   * none. Default: as `HTTPS_PROXY` and `NO_PROXY` state, never for loopback; with `globalAgent`, as that agent decides.
   */
  readonly proxy?: string | false | undefined;
  /** A certificate that identifies this client to the partner (mutual TLS). Default: none. */
  readonly clientCertificate?: ClientCertificate | undefined;
  /**
   * For partners whose definition has `refresh: 'login'`: the credentials with which the session signs in by itself when it
   * needs a token, also the first one, but not after a `signOut()`. A function is called for each such login, under the
   * store's lock, and must return within `timeout`. They are never stored. Once the partner has refused them, they are not sent again until
   * `login()` is called, or others are returned; siblings and later processes with the same store know this too.
   */
  readonly credentials?: CredentialsSource<P> | undefined;
  /** Receives log messages, which never contain a secret. Default: none. */
  readonly logger?: Logger | undefined;
  /** Refresh due tokens by a timer, without a call. The timer does not keep the process alive. Default false. */
  readonly autoRefresh?: boolean | undefined;
  /**
   * Use Node's global agent for https, which a host program may have patched for its proxy and authorities, not the session's
   * own. Default false.
   */
  readonly globalAgent?: boolean | undefined;
  /** A source of time, for tests, such as the `clock` of a sandbox. Default, also for missing methods: `systemClock`. */
  readonly clock?: Partial<Clock> | undefined;
}

/** Returns the credentials of a login, as `login()` takes them. */
export type CredentialsFunction = () => Credentials | Promise<Credentials>;

/** The options of an open session that `configure()` changes. */
export type SessionChanges = Pick<SessionOptions, 'refreshMargin' | 'autoRefresh'>;

export interface ResolvedOptions extends Connection {
  readonly cipher: Cipher | undefined;
  /** Refresh margin, ms. */
  readonly margin: number;
  /** In ms. */
  readonly timeout: number;
  readonly retry: RetryPolicy;
  /** By `allowHttp`, what is sent is not encrypted. */
  readonly isUnencrypted: boolean;
}

const knownOptions = [
  'partner',
  'baseUrl',
  'apiUrl',
  'allowHttp',
  'partnerCode',
  'client',
  'cipher',
  'credentials',
  'store',
  'refreshMargin',
  'timeout',
  'retry',
  'ca',
  'proxy',
  'clientCertificate',
  'logger',
  'autoRefresh',
  'bodyForm',
  'response',
  'extraFields',
  'globalAgent',
  'clock',
];

/**
 * @throws PartnerAuthError `configuration` for a wrong or missing setting, before anything is sent.
 * @throws TypeError for an unknown option.
 */
export function resolveOptions(options: SessionOptions): ResolvedOptions {
  assertKnownKeys('openSession', options, knownOptions);
  checkTypes(options);
  const connection = resolveConnection(options);
  checkCredentialsOption(connection.definition, credentialsOption(options));
  for (const url of [connection.baseUrl, connection.apiUrl]) checkProxy(options.proxy, url, options.allowHttp === true);
  return {
    ...connection,
    cipher: resolveCipher(connection.definition, options.cipher),
    margin: marginOf(options.refreshMargin),
    timeout: numberIn('timeout', options.timeout, 30_000, 1, 300_000),
    retry: resolveRetry(options.retry),
    isUnencrypted: [connection.origin, connection.apiOrigin].some(isUnencrypted),
  };
}

function checkTypes({ store, logger, clock, autoRefresh, globalAgent }: SessionOptions): void {
  if (store !== undefined && !hasMethods(store, ['read', 'write', 'clear', 'lock'])) {
    throw configurationError(
      'store',
      `store must have the methods read, write, clear and lock: pass memoryStore(), fileStore(path) or your own.${typeof store === 'string' ? ' Did you mean fileStore() with this path?' : ''}`,
    );
  }
  // One whose methods are missing or fail affects nothing, see the redacting logger.
  const isLogger = typeof logger === 'function' ? hasMethods(logger, ['warn']) : hasMethods(logger, []);
  if (logger !== undefined && !isLogger) {
    throw configurationError(
      'logger',
      'logger must be an object with the methods debug, info, warn and error, such as console.',
    );
  }
  checkClock(clock);
  checkBoolean('autoRefresh', autoRefresh);
  checkBoolean('globalAgent', globalAgent);
}

/** The option `credentials`, but not the hidden one of a sandbox profile, which is for `login()`. */
export function credentialsOption(options: SessionOptions): CredentialsFunction | undefined {
  const credentials: unknown = options.credentials;
  if (!Object.prototype.propertyIsEnumerable.call(options, 'credentials')) return undefined;
  if (typeof credentials !== 'object' || credentials === null) return credentials as CredentialsFunction | undefined;
  return () => credentials as Credentials;
}

function checkCredentialsOption({ label, refresh }: PartnerDefinition, credentials: unknown): void {
  if (credentials === undefined) return;
  if (typeof credentials !== 'function')
    throw configurationError('credentials', 'credentials must be those of a login, or a function that returns them.');
  if (refresh === 'login') return;
  throw configurationError(
    'credentials',
    `credentials has no effect: the definition of ${label} does not have refresh: 'login'. Pass the credentials to login().`,
  );
}

/** @throws PartnerAuthError `configuration` for another value than true, false and undefined. */
export function checkBoolean(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean')
    throw configurationError(name, `${name} must be true or false.`);
}

function resolveRetry(retry: RetryPolicy | undefined): RetryPolicy {
  if (retry === undefined) return 'idempotent';
  if (retryPolicies.includes(retry)) return retry;
  throw configurationError('retry', "retry must be false, 'idempotent' or 'always'.");
}

/** The refresh margin in ms. @throws PartnerAuthError `configuration` if it is out of range. */
export function marginOf(refreshMargin: unknown): number {
  return 1000 * numberIn('refreshMargin', refreshMargin, 300, 0, 86_400 * 365);
}

function resolveCipher(definition: PartnerDefinition, settings: CipherSettings | undefined): Cipher | undefined {
  if (settings !== undefined) {
    const cipher = createCipher(settings);
    const { body, requestBody } = definition;
    const isBare = [body, requestBody].some((form) => form?.form === 'encrypted' && form.envelope === 'none');
    const isBareResponse = callKinds.some((kind) => responseShapeOf(definition, kind).encryptedIn === 'body:');
    if ((!isBare && !isBareResponse) || cipher.ivField === undefined) return cipher;
    const what = isBare ? `the body that ${definition.label} requires` : `a response of ${definition.label}`;
    throw configurationError(
      'cipher.iv',
      `cipher.iv must not have a field of its own: ${what} is nothing but the ciphertext. Use { from: 'prefix' } or another rule.`,
    );
  }
  if (!requiresCipher(definition)) return undefined;
  throw configurationError(
    'cipher',
    `cipher is missing: ${definition.label} requires encrypted payloads. Ask the partner for the key, its format and the IV rule.`,
  );
}

function numberIn(name: string, value: unknown, fallback: number, min: number, max: number): number {
  if (value === undefined) return fallback;
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw configurationError(name, `${name} must be a number from ${min} to ${max}.`);
}
