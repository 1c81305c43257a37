import type { CipherSettings, IvRule } from '../cipher/settings.ts';
import type { PartnerAuthErrorCode } from '../lib/errors.ts';
import type { CallKind, PartnerDefinition } from '../partners/definition.ts';
import { harmlessFields } from '../partners/harmless-fields.ts';
import { isSecretName, mapJson, masked, maskFields } from '../redact/mask.ts';

/**
 * One login, refresh or logout as it was sent and received. Unless the listener set `reveal`, all values are masked that
 * the partner definition does not show to be harmless.
 */
export interface AuthExchange {
  /** Which call of the partner definition it is. */
  readonly call: Exclude<CallKind, 'request'>;
  /** When the request was sent, epoch ms. */
  readonly at: number;
  /** The HTTP method. */
  readonly method: string;
  /** The whole URL. */
  readonly url: string;
  /** The headers that the session sets, in addition to the usual ones of HTTP. Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The payload before encryption. */
  readonly payload: unknown;
  /** How the payload was encrypted; absent if it was not. */
  readonly cipher?: CipherFacts | undefined;
  /** The body as it was sent. */
  readonly body: string;
  /** HTTP status; absent if there was no response. */
  readonly status?: number | undefined;
  /** The JSON of the response, decrypted if it was encrypted. */
  readonly response?: unknown;
  /** `success`, or the code of the error that the call failed with. */
  readonly outcome: 'success' | PartnerAuthErrorCode;
  /** The message of that error. */
  readonly message?: string | undefined;
}

/** The cipher settings of an exchange without key, salt and IV. */
export interface CipherFacts {
  /** As in `CipherSettings`, with its default. */
  readonly algorithm: string;
  /** The format of a string key, else `bytes`. */
  readonly keyFormat: string;
  /** How the AES key is derived, without a salt. */
  readonly derivation: unknown;
  /** Where the IV comes from. */
  readonly iv: IvRule['from'];
  /** As in `CipherSettings`, with its default. */
  readonly padding: NonNullable<CipherSettings['padding']>;
  /** As in `CipherSettings`, with its default. */
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

/** Headers that hold no secret, besides those of the definition. */
const harmlessHeaders = ['accept', 'accept-language', 'content-length', 'content-type', 'user-agent'];

/**
 * The exchange without secrets: what is not known to be harmless is masked, and known secrets are removed from the rest.
 */
export function maskExchange(
  exchange: AuthExchange,
  definition: PartnerDefinition,
  redact: (text: string) => string,
): AuthExchange {
  const { url, headers, payload, cipher, response, body, message, ...rest } = exchange;
  const fields = harmlessFields(definition, exchange.call);
  const ownHeaders = Object.keys(definition.headers ?? {}).filter((name) => !isSecretName(name));
  const shownHeaders = new Set([...harmlessHeaders, ...ownHeaders.map((name) => name.toLowerCase())]);
  return {
    ...rest,
    url: url.replace(/([?&])([^=&]*)=[^&]*/g, (match, separator: string, name: string) =>
      isSecretName(name) ? `${separator}${name}=${masked}` : redact(match),
    ),
    headers: maskFields(headers, shownHeaders, redact) as AuthExchange['headers'],
    payload: maskFields(payload, fields.payload, redact),
    ...(cipher !== undefined && { cipher: copy(cipher) }),
    body: `${masked} (${body.length} characters)`,
    ...(response !== undefined && { response: maskFields(response, fields.response, redact) }),
    ...(message !== undefined && { message: redact(message) }),
  };
}

/** A deep copy, so that a listener cannot change what others see. */
export function copy<T>(value: T): T {
  return mapJson(value, (item) => item) as T;
}
