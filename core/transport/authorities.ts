import type tls from 'node:tls';
import { configurationError } from '../lib/errors.ts';
import { nodeCrypto, nodeFs } from '../lib/node-modules.ts';

/** The trusted authorities and those of `ca`, because Node's own option `ca` would replace them. */
export function authorities({ getCACertificates, rootCertificates }: Partial<typeof tls>, ca: string): string[] {
  // Node 22.15 and later also include NODE_EXTRA_CA_CERTS and the system's store.
  return [...(getCACertificates?.('default') ?? [...(rootCertificates ?? []), ...extraAuthorities()]), ca];
}

function extraAuthorities(): string[] {
  const file = process.env.NODE_EXTRA_CA_CERTS;
  if (file === undefined || file === '') return [];
  try {
    return [nodeFs().readFileSync(file, 'utf8')];
  } catch {
    // Node, too, ignores a file that it cannot read.
    return [];
  }
}

/** @throws PartnerAuthError `configuration` of `ca`. */
export function checkCertificates(ca: string): void {
  try {
    // OpenSSL skips what it cannot parse, so that a mistake would only surface as a partner that is not trusted.
    const { X509Certificate } = nodeCrypto();
    const certificates = ca.split('-----BEGIN CERTIFICATE-----').slice(1);
    if (certificates.length === 0) throw new Error('no certificate');
    for (const certificate of certificates) new X509Certificate(`-----BEGIN CERTIFICATE-----${certificate}`);
  } catch {
    throw configurationError('ca', 'ca must be one or more certificates in PEM form (-----BEGIN CERTIFICATE-----).');
  }
}
