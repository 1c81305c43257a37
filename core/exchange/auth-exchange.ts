import type { CipherSettings, IvRule } from '../cipher/settings.ts';
import type { PartnerAuthErrorCode } from '../lib/errors.ts';
import type { CallKind } from '../partners/definition.ts';
import { mapJson, masked, maskFields, type SecretNames } from '../redact/mask.ts';

/** One login, refresh or logout as it was sent and received. Secrets are masked unless the listener set `reveal`. */
export interface AuthExchange {
  readonly call: Exclude<CallKind, 'request'>;
  /** When the request was sent, epoch ms. */
  readonly at: number;
  readonly method: string;
  readonly url: string;
  /** The headers that the session sets, in addition to the usual ones of HTTP. Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The payload before encryption. */
  readonly payload: unknown;
  /** How the payload was encrypted; absent if it was not. */
  readonly cipher?: CipherFacts;
  /** The body as it was sent. */
  readonly body: string;
  /** HTTP status; absent if there was no response. */
  readonly status?: number;
  /** The JSON of the response, decrypted if it was encrypted. */
  readonly response?: unknown;
  /** `success`, or the code of the error that the call failed with. */
  readonly outcome: 'success' | PartnerAuthErrorCode;
  /** The message of that error. */
  readonly message?: string;
}

/** The cipher settings of an exchange without key, salt and IV. */
export interface CipherFacts {
  readonly algorithm: string;
  /** The format of a string key, else `bytes`. */
  readonly keyFormat: string;
  readonly derivation: unknown;
  readonly iv: IvRule['from'];
  readonly padding: NonNullable<CipherSettings['padding']>;
  readonly output: NonNullable<CipherSettings['output']>;
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

/** The exchange without secrets: values of secret fields are masked, and known secrets are removed from all others. */
export function maskExchange(
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

/** A deep copy, so that a listener cannot change what others see. */
export function copyExchange(exchange: AuthExchange): AuthExchange {
  return mapJson(exchange, (value) => value) as AuthExchange;
}
