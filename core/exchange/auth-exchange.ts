import type { CipherSettings, IvRule } from '../cipher/settings.ts';
import type { PartnerAuthErrorCode } from '../errors.ts';
import type { CallKind, PartnerDefinition } from '../partners/definition.ts';

/** One login, refresh or logout as it went over the wire. Unless it was asked for revealed, secrets in it are masked. */
export interface AuthExchange {
  readonly call: Exclude<CallKind, 'request'>;
  /** When the call was begun, epoch ms. */
  readonly at: number;
  readonly method: string;
  readonly url: string;
  /** What was sent besides the usual HTTP headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** The plain payload. */
  readonly payload: unknown;
  /** How it was encrypted; absent for plain payloads. */
  readonly cipher?: CipherFacts;
  /** The body as it travelled. */
  readonly body: string;
  /** HTTP status; absent when no answer came. */
  readonly status?: number;
  /** The partner's answer, decrypted where it was encrypted. */
  readonly answer?: unknown;
  /** What the client made of it. */
  readonly outcome: 'success' | PartnerAuthErrorCode;
  readonly message?: string;
}

/** Cipher settings without key and IV bytes. */
export interface CipherFacts {
  readonly algorithm: string;
  readonly keyFormat: string;
  readonly derivation: unknown;
  readonly iv: IvRule['from'];
  readonly padding: number;
  readonly output: string;
}

export function cipherFacts(settings: CipherSettings): CipherFacts {
  const {
    algorithm = 'aes-256-cbc',
    key,
    keyFormat = 'utf8',
    derivation = 'none',
    iv,
    padding = 16,
    output = 'hex',
  } = settings;
  return {
    algorithm,
    keyFormat: typeof key === 'string' ? keyFormat : 'bytes',
    derivation: typeof derivation === 'object' && 'pbkdf2' in derivation ? 'pbkdf2' : derivation,
    iv: iv.from,
    padding,
    output,
  };
}

const mask = '••••••••';
/** Deeper answers are cut: a partner could send one that is too deep to be walked. */
const deepest = 24;

/** Names whose values are secrets, and those whose values are secrets where they are texts. */
export interface SecretNames {
  readonly always: ReadonlySet<string>;
  readonly asText: ReadonlySet<string>;
}

/** The exchange with every value hidden whose name says that it is a secret, or that holds one the session knows. */
export function maskedExchange(
  exchange: AuthExchange,
  names: SecretNames,
  redact: (text: string) => string,
): AuthExchange {
  const hide = (value: unknown, name: string): unknown => {
    if (value === undefined || value === null || value === '') return value;
    if (names.always.has(name)) return mask;
    if (typeof value !== 'string') return value;
    return names.asText.has(name) ? mask : redact(value);
  };
  const { headers, payload, answer, body, message, ...rest } = exchange;
  return {
    ...rest,
    headers: walked(headers, (value, name) =>
      /auth|cookie|key|secret|token/i.test(name) ? mask : redact(String(value)),
    ) as AuthExchange['headers'],
    payload: walked(payload, hide, redact),
    body: `${mask} (${body.length} characters)`,
    ...(answer !== undefined && { answer: walked(answer, hide, redact) }),
    ...(message !== undefined && { message: redact(message) }),
  };
}

/** A copy that nobody else has: what a listener does with it changes nothing for the session. */
export function copiedExchange(exchange: AuthExchange): AuthExchange {
  return walked(exchange, (value) => value) as AuthExchange;
}

/** A copy of JSON with each leaf, and each value that `change` replaces as a whole, changed. */
function walked(
  value: unknown,
  change: (value: unknown, name: string) => unknown,
  rename: (name: string) => string = (name) => name,
  name = '',
  depth = 0,
): unknown {
  const changed = change(value, name);
  if (changed !== value || typeof value !== 'object' || value === null) return changed;
  if (depth >= deepest) return '…';
  if (Array.isArray(value)) return value.map((item) => walked(item, change, rename, '', depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [rename(key), walked(item, change, rename, key, depth + 1)]),
  );
}

/** Names of the fields whose values are secrets, whatever call they travel in. */
export function secretFieldNames({
  credentials,
  refresh,
  logout,
  oneTimeCode,
  answer,
}: PartnerDefinition): SecretNames {
  const last = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
  const always = new Set([
    ...credentials.filter((field) => field.secret === true).map((field) => field.name),
    refresh.tokenField,
    ...(logout === undefined ? [] : [logout.tokenField]),
    ...(oneTimeCode === undefined ? [] : [oneTimeCode.codeField, oneTimeCode.sessionField]),
    last(answer.accessToken),
    last(answer.refreshToken),
  ]);
  // Both may name what holds the whole answer at other times.
  const asText = [oneTimeCode?.sessionIn, answer.encryptedIn].filter((path) => path !== undefined).map(last);
  return { always, asText: new Set(asText) };
}
