import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { SecureContextOptions } from 'node:tls';
import type Forge from 'node-forge';

export type CertificateKind = 'valid' | 'expired' | 'wrongHost';

export interface Certificates extends Readonly<Record<CertificateKind, SecureContextOptions>> {
  /** PEM of the authority that signed all of them. */
  readonly ca: string;
}

/** A certificate with its private key, in PEM form. */
export interface SandboxClientCertificate {
  /** The certificate. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
}

/** Certificates for clients of a sandbox that requires one; `unknown` is signed by an authority that it does not know. */
export type SandboxClientCertificates = Readonly<Record<'valid' | 'expired' | 'unknown', SandboxClientCertificate>>;

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

const issuer = 'Partner Auth Sandbox CA';

let authority: Promise<KeyPair> | undefined;
let certificates: Promise<Certificates> | undefined;
let clientCertificates: Promise<SandboxClientCertificates> | undefined;

/** Certificates for clients, created once per process. */
export function processClientCertificates(): Promise<SandboxClientCertificates> {
  clientCertificates ??= createClientCertificates();
  return clientCertificates;
}

function processAuthority(): Promise<KeyPair> {
  authority ??= generateRsaKeyPair();
  return authority;
}

/** An authority and its three server certificates, created once per process because RSA keys and forge's signatures are slow. */
export function processCertificates(): Promise<Certificates> {
  certificates ??= createCertificates();
  return certificates;
}

async function createCertificates(): Promise<Certificates> {
  const [{ default: forge }, authority, server] = await Promise.all([
    import('node-forge'),
    processAuthority(),
    generateRsaKeyPair(),
  ]);
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

async function createClientCertificates(): Promise<SandboxClientCertificates> {
  const [{ default: forge }, authority, otherAuthority, client] = await Promise.all([
    import('node-forge'),
    processAuthority(),
    generateRsaKeyPair(),
    generateRsaKeyPair(),
  ]);
  const create = (from: number, until: number, by: KeyPair, name = issuer): SandboxClientCertificate => {
    const extensions = [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', clientAuth: true },
    ];
    const subject = { name: 'Partner Auth Sandbox client', from, until, extensions };
    return { key: client.privateKey, cert: signCertificate(forge, subject, name, by, client) };
  };
  return {
    valid: create(-day, 90 * day, authority),
    expired: create(-30 * day, -day, authority),
    unknown: create(-day, 90 * day, otherAuthority, 'Another CA'),
  };
}

interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

function generateRsaKeyPair(): Promise<KeyPair> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
}

/**
 * Returns a serial number in hex: positive, at most 20 bytes (RFC 5280, section 4.1.2.2). The first byte is 0x40 to 0x7f,
 * because forge encodes leading zero bytes as they are, and OpenSSL refuses such a certificate.
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
  authority: KeyPair,
  subjectKeys: KeyPair,
): string {
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(subjectKeys.publicKey);
  certificate.serialNumber = serialNumber(randomBytes(16));
  certificate.validity.notBefore = new Date(Date.now() + subject.from);
  certificate.validity.notAfter = new Date(Date.now() + subject.until);
  certificate.setSubject([{ name: 'commonName', value: subject.name }]);
  certificate.setIssuer([{ name: 'commonName', value: issuer }]);
  certificate.setExtensions([...subject.extensions]);
  const key = pki.privateKeyFromPem(authority.privateKey);
  // The default digest of forge is SHA-1, which OpenSSL 3 refuses.
  certificate.sign(key, md.sha256.create());
  return pki.certificateToPem(certificate);
}
