import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { SecureContextOptions } from 'node:tls';
import type Forge from 'node-forge';

export type CertificateKind = 'valid' | 'expired' | 'wrongHost';

export interface Certificates extends Readonly<Record<CertificateKind, SecureContextOptions>> {
  /** PEM of the authority that signed all of them. */
  readonly ca: string;
}

interface Subject {
  readonly name: string;
  /** Milliseconds from now. */
  readonly from: number;
  readonly until: number;
  readonly extensions: readonly object[];
}

const day = 86_400_000;
const loopback = [
  { type: 2, value: 'localhost' },
  { type: 7, ip: '127.0.0.1' },
];

let made: Promise<Certificates> | undefined;

/** An authority and its three server certificates, made once a process: RSA keys and forge's signatures take long. */
export function processCertificates(): Promise<Certificates> {
  made ??= makeCertificates();
  return made;
}

async function makeCertificates(): Promise<Certificates> {
  const [{ default: forge }, authority, server] = await Promise.all([import('node-forge'), rsaPems(), rsaPems()]);
  const issuer = 'Partner Auth Sandbox CA';
  const sign = (subject: Subject): string => signCertificate(forge, subject, issuer, authority, server);
  const leaf = (from: number, until: number, altNames: object[]): SecureContextOptions => ({
    key: server.privateKey,
    cert: sign({
      name: 'Partner Auth Sandbox',
      from,
      until,
      extensions: [
        { name: 'basicConstraints', cA: false },
        { name: 'extKeyUsage', serverAuth: true },
        { name: 'subjectAltName', altNames },
      ],
    }),
  });
  const ca = signCertificate(
    forge,
    {
      name: issuer,
      from: -day,
      until: 365 * day,
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
      ],
    },
    issuer,
    authority,
    authority,
  );
  return {
    ca,
    valid: leaf(-day, 90 * day, loopback),
    expired: leaf(-30 * day, -day, loopback),
    wrongHost: leaf(-day, 90 * day, [{ type: 2, value: 'partner.example' }]),
  };
}

interface Pems {
  readonly publicKey: string;
  readonly privateKey: string;
}

function rsaPems(): Promise<Pems> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
}

/**
 * Hex of a serial number: positive, at most 20 bytes (RFC 5280, section 4.1.2.2). A first byte of 0x40 to 0x7f is neither
 * a sign nor padding: forge writes leading zero bytes out as they are, and OpenSSL refuses such a certificate.
 */
export function serialNumber(random: Uint8Array): string {
  const bytes = Buffer.from(random);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function signCertificate(
  { pki, md }: typeof Forge,
  subject: Subject,
  issuer: string,
  authority: Pems,
  own: Pems,
): string {
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(own.publicKey);
  certificate.serialNumber = serialNumber(randomBytes(16));
  certificate.validity.notBefore = new Date(Date.now() + subject.from);
  certificate.validity.notAfter = new Date(Date.now() + subject.until);
  certificate.setSubject([{ name: 'commonName', value: subject.name }]);
  certificate.setIssuer([{ name: 'commonName', value: issuer }]);
  certificate.setExtensions([...subject.extensions]);
  const key = pki.privateKeyFromPem(authority.privateKey);
  // Without a digest forge takes SHA-1, which OpenSSL 3 refuses.
  certificate.sign(key, md.sha256.create());
  return pki.certificateToPem(certificate);
}
