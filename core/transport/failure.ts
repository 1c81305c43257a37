import { PartnerAuthError } from '../lib/errors.ts';

/** A failure below HTTP, described from an error of got or Node without keeping that error. */
export interface TransportFailure {
  readonly kind: 'failure';
  readonly error: PartnerAuthError;
  /** The partner may have received the request. */
  readonly mayHaveArrived: boolean;
  /** The connection failed before anything was sent, in a way that a retry may fix. */
  readonly isTransient: boolean;
}

interface RawError {
  readonly code?: unknown;
  readonly timings?: { readonly connect?: number; readonly secureConnect?: number };
  readonly event?: unknown;
}

const tlsReasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; check the clock of this machine',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host; check baseUrl',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; pass its PEM as `ca` if you trust it',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an unknown authority; pass the PEM of that authority as `ca`',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate chain is incomplete; pass the PEM of the authority as `ca`',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate comes from an unknown authority; pass the PEM of that authority as `ca`',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate comes from an unknown authority; pass the PEM of that authority as `ca`',
  CERT_REVOKED: 'its certificate was revoked',
};

/** Codes of further TLS errors: Node uses the names of OpenSSL's verification errors. */
const otherTlsCodes =
  /^(?:ERR_SSL|ERR_TLS|EPROTO|CERT_|CRL_|UNABLE_TO_|ERROR_IN_|(?:INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$)/;

const networkReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at that address; check baseUrl and whether the partner is up',
  ENOTFOUND: 'its host name is unknown; check baseUrl and the network',
  EAI_AGAIN: 'its host name could not be looked up; check the network',
  EHOSTUNREACH: 'there is no route to it; check the network',
  ENETUNREACH: 'there is no route to it; check the network',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
  ERR_BODY_PARSE_FAILURE: 'the connection broke',
};

const transientCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNRESET',
]);

export function describeFailure(raw: unknown, host: string, secure: boolean): TransportFailure {
  const { code, timings, event } = (typeof raw === 'object' && raw !== null ? raw : {}) as RawError;
  const name = typeof code === 'string' && /^[A-Z\d_]{1,60}$/.test(code) ? code : 'unknown error';
  const connected = (secure ? timings?.secureConnect : timings?.connect) !== undefined;
  const isConnecting = event === 'lookup' || event === 'connect' || event === 'secureConnect' || event === 'socket';
  const mayHaveArrived = connected && !isConnecting;

  const tls = tlsReasons[name] ?? (otherTlsCodes.test(name) ? `TLS failed (${name})` : undefined);
  if (tls !== undefined) {
    const error = new PartnerAuthError('tls', `No secure connection to ${host}: ${tls}.`, { setting: 'baseUrl' });
    return { kind: 'failure', error, mayHaveArrived: false, isTransient: false };
  }
  if (name === 'ETIMEDOUT') {
    const reason = mayHaveArrived ? 'did not respond in time' : 'could not be reached in time';
    const error = new PartnerAuthError('timeout', `${host} ${reason}. Try again, or raise \`timeout\`.`);
    return { kind: 'failure', error, mayHaveArrived, isTransient: false };
  }
  const reason = networkReasons[name] ?? `the request failed (${name})`;
  const error = new PartnerAuthError('network', `No response from ${host}: ${reason}.`);
  return { kind: 'failure', error, mayHaveArrived, isTransient: !mayHaveArrived && transientCodes.has(name) };
}
