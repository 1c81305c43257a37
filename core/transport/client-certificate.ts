import type tls from 'node:tls';
import { configurationError } from '../lib/errors.ts';
import { loadNodeModule, nodeCrypto } from '../lib/node-modules.ts';
import { assertKnownKeys } from '../lib/validation.ts';

/** A certificate that identifies this client to the partner's server (mutual TLS), with its private key. */
export type ClientCertificate =
  | {
      /** The certificate, and further ones up to its authority, in PEM form. */
      readonly cert: string | Uint8Array;
      /** Its private key in PEM form. */
      readonly key: string | Uint8Array;
      /** Of the private key, if it is encrypted. */
      readonly passphrase?: string | undefined;
    }
  | {
      /** Certificate and key in one PKCS#12 file (`.pfx`, `.p12`). */
      readonly pfx: Uint8Array;
      /** Of the file, if it is encrypted. */
      readonly passphrase?: string | undefined;
    };

/** As options of Node's TLS. */
export interface CertificateOptions {
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly pfx?: Buffer;
  readonly passphrase?: string;
}

/**
 * Checks a client certificate, and that its key and passphrase belong to it.
 *
 * @throws PartnerAuthError `configuration` naming the part.
 */
export function checkClientCertificate(given: unknown): CertificateOptions {
  if (typeof given !== 'object' || given === null)
    throw invalid('', 'must be an object with cert and key, or with pfx, and a passphrase if there is one');
  assertKnownKeys('clientCertificate', given, ['cert', 'key', 'pfx', 'passphrase']);
  const options = readOptions(given as Readonly<Record<string, unknown>>);
  const { createSecureContext } = loadNodeModule('node:tls') as typeof tls;
  try {
    createSecureContext(options);
  } catch (error) {
    throw explain(error, options);
  }
  if (!hasOwnKey(options)) throw invalid('.key', 'does not belong to the certificate in cert');
  return options;
}

/** OpenSSL keeps a key of another kind, such as RSA and EC, next to the certificate, and would offer none. */
function hasOwnKey({ cert, key, passphrase }: CertificateOptions): boolean {
  if (cert === undefined || key === undefined) return true;
  const { createPrivateKey, X509Certificate } = nodeCrypto();
  try {
    const privateKey = createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) });
    return new X509Certificate(cert).checkPrivateKey(privateKey);
  } catch {
    // They are readable, as has been checked: in another form than these functions know.
    return true;
  }
}

function readOptions({ cert, key, pfx, passphrase }: Readonly<Record<string, unknown>>): CertificateOptions {
  if (passphrase !== undefined && typeof passphrase !== 'string') throw invalid('.passphrase', 'must be a string');
  const shared = passphrase === undefined ? {} : { passphrase };
  if (pfx !== undefined) {
    if (cert !== undefined || key !== undefined) throw invalid('', 'must have either cert and key, or pfx, not both');
    if (!(pfx instanceof Uint8Array) || pfx.length === 0)
      throw invalid('.pfx', 'must be the bytes of a PKCS#12 file, such as from readFile(path)');
    return { pfx: Buffer.from(pfx), ...shared };
  }
  if (cert === undefined && key === undefined) throw invalid('', 'must have cert and key, or pfx');
  if (key === undefined) throw invalid('.key', 'is missing: a certificate is of use only with its private key');
  if (cert === undefined) throw invalid('.cert', 'is missing: a private key is of use only with its certificate');
  return {
    cert: pem('.cert', cert, /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/),
    key: pem('.key', key, /-----BEGIN [A-Z ]*PRIVATE KEY-----/),
    ...shared,
  };
}

function pem(part: '.cert' | '.key', value: unknown, start: RegExp): string | Buffer {
  const text =
    typeof value === 'string' ? value : value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : '';
  if (start.test(text)) return typeof value === 'string' ? value : Buffer.from(value as Uint8Array);
  const kind =
    part === '.cert'
      ? 'a certificate in PEM form (-----BEGIN CERTIFICATE-----)'
      : 'a private key in PEM form (-----BEGIN PRIVATE KEY-----)';
  const isPath = typeof value === 'string' && !text.includes('-----BEGIN ');
  throw invalid(part, `must be ${kind}${isPath ? ', not a path' : ''}`);
}

/**
 * One wrong passphrase of about 200, the empty one of OpenSSL where none is given included, is not detected as such: the key is
 * decrypted to bytes that are no key.
 */
function isDecryptedWrongly({ key, passphrase }: CertificateOptions): boolean {
  if (key === undefined || !/-----END ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(String(key)))
    return false;
  if (passphrase === undefined) return true;
  try {
    nodeCrypto().createPrivateKey({ key, passphrase });
    return false;
  } catch {
    return true;
  }
}

/** OpenSSL and BoringSSL, which VS Code uses, have different names for the same problems. */
function explain(error: unknown, options: CertificateOptions): Error {
  const { pfx, passphrase } = options;
  const { code = '', message = '' } = error as { readonly code?: string; readonly message?: string };
  const reason = `${code} ${message}`;
  const isRefused = /mac verify|bad.?decrypt|bad.?password|incorrect.?password|interrupted|passphrase/i.test(reason);
  if (isRefused || isDecryptedWrongly(options)) {
    return passphrase === undefined
      ? invalid('.passphrase', `is missing: the ${pfx === undefined ? 'key' : 'file'} is encrypted`)
      : invalid('.passphrase', `is wrong: the ${pfx === undefined ? 'key' : 'file'} cannot be decrypted with it`);
  }
  if (/key.?values?.?mismatch|key.?type.?mismatch/i.test(reason))
    return invalid('.key', 'does not belong to the certificate in cert');
  if (pfx === undefined) return invalid('', 'cannot be read: check that cert and key are complete and in PEM form');
  if (/unsupported/i.test(reason)) {
    return invalid('.pfx', 'is encrypted in a way that OpenSSL 3 no longer supports: export it again with AES');
  }
  return invalid('.pfx', 'is not a PKCS#12 file with a certificate and its key');
}

function invalid(part: string, problem: string): Error {
  const setting = `clientCertificate${part}`;
  return configurationError(setting, `${setting} ${problem}.`);
}
