import { parseJson } from '../lib/json.ts';
import { parseStoredRecord, type PlainRecord } from '../stores/stored-record.ts';

/** All secrets of one profile, as one JSON record in the secret store. */
export interface SecretRecord {
  readonly version: 1;
  /** The origin that these secrets belong to. A profile with another origin receives only those of `networkSecretsOf()`. */
  readonly origin: string;
  readonly key?: string;
  readonly iv?: string;
  /** Login fields by their names on the wire. The password only if the user chose to store it. */
  readonly credentials?: Readonly<Record<string, string>>;
  /** What the user chose last, also while there is no password because the partner no longer accepts it. */
  readonly rememberPassword?: boolean;
  /** For the profile's proxy. Not sent to another one. */
  readonly proxyCredentials?: ProxyCredentials;
  /** Of the key of the profile's client certificate. */
  readonly clientCertificatePassphrase?: string;
  /** That of the profile's OAuth 2.0 client; empty if it has none. */
  readonly clientSecret?: string;
  readonly session?: PlainRecord;
  /** Encrypts the copies of the session for other windows; see `session-relay.ts`. */
  readonly relayKey?: string;
}

export interface ProxyCredentials {
  /** The URL of the proxy that they belong to, as in the profile. */
  readonly proxy: string;
  readonly username: string;
  readonly password: string;
}

export type ParsedSecretRecord =
  | { readonly kind: 'record'; readonly record: SecretRecord }
  /** Written by a newer version of this package. */
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'invalid'; readonly problem: string };

const version = 1;

/** The secrets of a profile that do not belong to its partner's server, and that another server is not sent. */
export type NetworkSecrets = Pick<SecretRecord, 'proxyCredentials' | 'clientCertificatePassphrase'>;

/**
 * The secrets that a profile keeps when it moves to another server: those of its proxy, which name it themselves, and the
 * passphrase of a file on this machine.
 */
export function networkSecretsOf({ proxyCredentials, clientCertificatePassphrase }: NetworkSecrets): NetworkSecrets {
  return {
    ...(proxyCredentials !== undefined && { proxyCredentials }),
    ...(clientCertificatePassphrase !== undefined && { clientCertificatePassphrase }),
  };
}

/** A record as a profile of another origin may use it; undefined if nothing of it remains. */
export function recordFor(origin: string, record: SecretRecord): SecretRecord | undefined {
  if (record.origin === origin) return record;
  const kept = networkSecretsOf(record);
  return Object.keys(kept).length === 0 ? undefined : { version, origin, ...kept };
}

/** Parses a record of the secret store. Unknown fields are kept. */
export function parseSecretRecord(text: string): ParsedSecretRecord {
  return checkSecretRecord(parseJson(text));
}

/** As `parseSecretRecord()`, for a value that is parsed already; undefined if it was not JSON. */
export function checkSecretRecord(value: unknown): ParsedSecretRecord {
  const invalid = (problem: string): ParsedSecretRecord => ({ kind: 'invalid', problem });
  if (value === undefined) return invalid('it is not JSON');
  if (typeof value !== 'object' || value === null) return invalid('it is not an object');
  const record = value as Record<string, unknown>;
  const { version: given, origin, key, iv, credentials, session, relayKey } = record;
  if (typeof given === 'number' && given > version) return { kind: 'newer', version: given };
  if (given !== version) return invalid('its version is unknown');
  if (typeof origin !== 'string') return invalid('its origin is missing');
  if (![key, iv, relayKey].every((part) => part === undefined || typeof part === 'string'))
    return invalid('its key is not a string');
  if (credentials !== undefined && !isStringMap(credentials)) return invalid('its credentials are not strings');
  const { proxyCredentials, clientCertificatePassphrase: passphrase, clientSecret } = record;
  if (proxyCredentials !== undefined && !isProxyCredentials(proxyCredentials))
    return invalid('its proxy credentials are not complete');
  if (passphrase !== undefined && typeof passphrase !== 'string') return invalid('its passphrase is not a string');
  if (clientSecret !== undefined && typeof clientSecret !== 'string')
    return invalid('its client secret is not a string');
  if (session !== undefined) {
    const parsed = parseStoredRecord(session);
    if (parsed.kind === 'encrypted') return { kind: 'newer', version: parsed.record.version };
    if (parsed.kind !== 'record') return parsed;
  }
  return { kind: 'record', record: value as SecretRecord };
}

function isProxyCredentials(value: unknown): boolean {
  const { proxy, username, password } = (value ?? {}) as Partial<ProxyCredentials>;
  return [proxy, username, password].every((part) => typeof part === 'string');
}

function isStringMap(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((entry) => typeof entry === 'string')
  );
}
