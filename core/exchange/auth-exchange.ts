import type { CipherSettings, IvRule } from '../cipher/settings.ts';
import type { PartnerAuthErrorCode } from '../lib/errors.ts';
import type { CallKind } from '../partners/definition.ts';
import { mapJson, masked, maskFields, type SecretNames } from '../redact/mask.ts';

/** One login, refresh or logout as it went over the wire. Secrets in it are masked unless `reveal` was given. */
export interface AuthExchange {
  readonly call: Exclude<CallKind, 'request'>;
  /** When the call was begun, epoch ms. */
  readonly at: number;
  readonly method: string;
  readonly url: string;
  /** What was sent besides the usual HTTP headers. Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The plain payload. */
  readonly payload: unknown;
  /** How it was encrypted; absent for plain payloads. */
  readonly cipher?: CipherFacts;
  /** The body as it travelled. */
  readonly body: string;
  /** HTTP status; absent if no response came. */
  readonly status?: number;
  /** The partner's response, decrypted if it was encrypted. */
  readonly response?: unknown;
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

/** The exchange with every value hidden whose name says that it is a secret, or that contains one the session knows. */
export function maskedExchange(
  exchange: AuthExchange,
  names: SecretNames,
  redact: (text: string) => string,
): AuthExchange {
  const { headers, payload, response, body, message, ...rest } = exchange;
  return {
    ...rest,
    headers: mapJson(headers, (value, name) =>
      /auth|cookie|key|secret|token/i.test(name) ? masked : redact(String(value)),
    ) as AuthExchange['headers'],
    payload: maskFields(payload, names, redact),
    body: `${masked} (${body.length} characters)`,
    ...(response !== undefined && { response: maskFields(response, names, redact) }),
    ...(message !== undefined && { message: redact(message) }),
  };
}

/** A copy for one listener: what it does with it changes nothing for the session. */
export function copiedExchange(exchange: AuthExchange): AuthExchange {
  return mapJson(exchange, (value) => value) as AuthExchange;
}
