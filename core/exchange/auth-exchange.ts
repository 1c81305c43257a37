import type { CipherSettings, IvRule } from '../cipher/settings.ts';
import type { PartnerAuthErrorCode } from '../errors.ts';
import type { CallKind, PartnerDefinition } from '../partners/definition.ts';

/** One login, refresh or logout as it went over the wire. Unless it was asked for revealed, secrets in it are masked. */
export interface AuthExchange {
  readonly call: Exclude<CallKind, 'request'>;
  /** Epoch ms. */
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

/** The exchange with every value hidden whose name says that it is a secret, or that holds one the session knows. */
export function maskedExchange(
  exchange: AuthExchange,
  secretNames: ReadonlySet<string>,
  redact: (text: string) => string,
): AuthExchange {
  const hide = (value: unknown, name: string): unknown => {
    if (secretNames.has(name) && value !== '' && value !== null && value !== undefined) return mask;
    if (typeof value === 'string') return redact(value);
    if (Array.isArray(value)) return value.map((item) => hide(item, ''));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hide(item, key)]));
  };
  const { payload, answer, body, ...rest } = exchange;
  return {
    ...rest,
    payload: hide(payload, ''),
    body: `${mask} (${body.length} characters)`,
    ...(answer !== undefined && { answer: hide(answer, '') }),
  };
}

/** Names of the fields whose values are secrets, whatever call they travel in. */
export function secretFieldNames({
  credentials,
  refresh,
  logout,
  oneTimeCode,
  answer,
}: PartnerDefinition): ReadonlySet<string> {
  const last = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
  return new Set([
    ...credentials.filter((field) => field.secret === true).map((field) => field.name),
    refresh.tokenField,
    ...(logout === undefined ? [] : [logout.tokenField]),
    ...(oneTimeCode === undefined ? [] : [oneTimeCode.codeField, oneTimeCode.sessionField]),
    last(answer.accessToken),
    last(answer.refreshToken),
  ]);
}
