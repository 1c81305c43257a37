import { PartnerAuthError } from '../lib/errors.ts';

/** A failure below HTTP, described from an error of got or Node without keeping that error. */
export interface TransportFailure {
  readonly kind: 'failure';
  readonly error: PartnerAuthError;
  /** The partner may have received the request. */
  readonly mayHaveArrived: boolean;
  /** The connection failed before anything was sent, in a way that a retry may fix. */
  readonly isTransient: boolean;
  /** The connection was used before, and broke before a byte of the response was received. */
  readonly brokeOnReuse?: boolean;
}

/** An error of opening a connection that is already described. got passes it on as the cause of its own. */
export class ConnectError extends Error {
  readonly code = 'ERR_CONNECT';
  readonly failure: TransportFailure;

  constructor(failure: TransportFailure) {
    super(failure.error.message);
    this.failure = failure;
  }
}

/** The client certificate that was offered in the handshake, if any. */
export interface OfferedCertificate {
  readonly hasExpired: boolean;
  /** As the certificate states it. */
  readonly validTo: string;
}

/** When a connection was ready, epoch ms. */
interface Timings {
  readonly connect?: number;
  readonly secureConnect?: number;
}

interface RawError {
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly timings?: Timings;
  readonly event?: unknown;
  readonly message?: unknown;
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

/** Reasons that OpenSSL and BoringSSL spell differently, by what their names have in common. */
const tlsReasonPatterns: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTPS?(?:_PROXY)?_REQUEST/,
    'the server at that port does not use TLS; check the port of baseUrl, and whether it is one for http://',
  ],
  [
    /ALERT_HANDSHAKE_FAILURE/,
    'it refused the TLS handshake: it may require a client certificate (`clientCertificate`), or no cipher suite is supported by both',
  ],
  [
    /ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW/,
    'it supports no TLS version that is secure; 1.2 or later is required',
  ],
  [/UNRECOGNIZED_NAME/, 'it has no certificate for that host name; check baseUrl'],
];

/** What a server reports about the certificate of its client. */
const clientCertificatePattern =
  /CERTIFICATE_REQUIRED|ALERT_(?:NO_CERTIFICATE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(?:UNKNOWN|EXPIRED|REVOKED)|UNKNOWN_CA|ACCESS_DENIED)/;

/** Why a server may have ended a connection on which it requires a client certificate. */
export function describeClientCertificate(code: string, offered: OfferedCertificate | undefined): string {
  if (offered === undefined) return 'it requires a client certificate; pass one as `clientCertificate`';
  if (offered.hasExpired || code.includes('CERTIFICATE_EXPIRED'))
    return `the certificate in \`clientCertificate\` has expired (valid to ${offered.validTo}); ask the partner for a new one`;
  if (code.includes('CERTIFICATE_REVOKED'))
    return 'the certificate in `clientCertificate` was revoked; ask the partner for a new one';
  return 'it does not accept the certificate in `clientCertificate`; check that the partner has issued it, or knows its authority';
}

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
  ERR_HTTP_CONTENT_LENGTH_MISMATCH: 'the connection broke',
  ERR_BODY_PARSE_FAILURE: 'the connection broke',
  ERR_READING_RESPONSE_STREAM: 'the connection broke',
  HPE_INVALID_CONSTANT:
    'it does not use HTTP at that port; check the port of baseUrl, and whether it is one for https://',
};

export const transientCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNRESET',
]);

/**
 * @param offered the client certificate of this connection.
 * @param known the timings of the request: an error while a stream is written has none.
 * @param hasBegun whether the response had begun, so that the server has accepted the connection and its certificate.
 */
export function describeFailure(
  raw: unknown,
  host: string,
  secure: boolean,
  offered?: OfferedCertificate,
  known?: Timings,
  hasBegun = false,
): TransportFailure {
  const { code, cause, timings = known, event } = toRawError(raw);
  if (cause instanceof ConnectError) return cause.failure;
  const name = nameOf(code);
  const connected = (secure ? timings?.secureConnect : timings?.connect) !== undefined;
  const isConnecting = event === 'lookup' || event === 'connect' || event === 'secureConnect' || event === 'socket';
  const mayHaveArrived = connected && !isConnecting;

  const tls = describeTls(raw, offered);
  if (tls !== undefined) {
    const setting = tls.includes('`clientCertificate`') ? 'clientCertificate' : 'baseUrl';
    const error = new PartnerAuthError('tls', `No secure connection to ${host}: ${tls}.`, { setting });
    return { kind: 'failure', error, mayHaveArrived: false, isTransient: false };
  }
  if (name === 'ETIMEDOUT') {
    const reason = hasBegun
      ? 'did not send all of its response in time'
      : mayHaveArrived
        ? 'did not respond in time'
        : 'could not be reached in time';
    const error = new PartnerAuthError('timeout', `${host} ${reason}. Try again, or raise \`timeout\`.`);
    return { kind: 'failure', error, mayHaveArrived, isTransient: false };
  }
  const reason =
    hasBegun && name.startsWith('HPE_')
      ? `the rest of it is not valid HTTP (${name})`
      : (networkReasons[name] ??
        (name.startsWith('HPE_') ? `what it sent is not valid HTTP (${name})` : `the request failed (${name})`));
  const isTransient = !mayHaveArrived && transientCodes.has(name);
  // Some servers end the connection instead of reporting what is wrong with the certificate.
  if (offered !== undefined && !hasBegun && reason === networkReasons.ECONNRESET) {
    const error = offered.hasExpired
      ? new PartnerAuthError('tls', `${host} ended the connection: ${describeClientCertificate('', offered)}.`, {
          setting: 'clientCertificate',
        })
      : new PartnerAuthError(
          'network',
          `No response from ${host}: ${reason}; it may not accept the certificate in \`clientCertificate\`.`,
          { setting: 'clientCertificate' },
        );
    return { kind: 'failure', error, mayHaveArrived, isTransient };
  }
  const what = hasBegun ? `The response of ${host} is incomplete` : `No response from ${host}`;
  const error = new PartnerAuthError('network', `${what}: ${reason}.`);
  return { kind: 'failure', error, mayHaveArrived, isTransient };
}

/** Why TLS failed; undefined if the error is not one of TLS. */
export function describeTls(raw: unknown, offered?: OfferedCertificate): string | undefined {
  const { code, message } = toRawError(raw);
  const name = nameOf(code);
  const reason = tlsReasons[name];
  if (reason !== undefined || !otherTlsCodes.test(name)) return reason;
  return describeTlsCode(tlsCode(name, message), offered);
}

function toRawError(raw: unknown): RawError {
  return typeof raw === 'object' && raw !== null ? raw : {};
}

function nameOf(code: unknown): string {
  return typeof code === 'string' && /^[A-Z\d_]{1,60}$/.test(code) ? code : 'unknown error';
}

/** `EPROTO` has OpenSSL's own reason only in its message, such as `error:0A00010B:SSL routines::wrong version number:`. */
function tlsCode(name: string, message: unknown): string {
  if (name !== 'EPROTO' || typeof message !== 'string') return name;
  const reason = /error:[\dA-Fa-f]{8}:SSL routines:\w*:([\w /]{1,60}):/.exec(message)?.[1];
  return reason === undefined ? name : `ERR_SSL_${reason.toUpperCase().replace(/\W+/g, '_')}`;
}

function describeTlsCode(code: string, offered: OfferedCertificate | undefined): string {
  if (clientCertificatePattern.test(code)) return describeClientCertificate(code, offered);
  // A server of TLS 1.2 reports no more than this.
  if (code.includes('ALERT_HANDSHAKE_FAILURE') && offered !== undefined)
    return describeClientCertificate(code, offered);
  return tlsReasonPatterns.find(([pattern]) => pattern.test(code))?.[1] ?? `TLS failed (${code})`;
}
