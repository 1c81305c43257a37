import type tls from 'node:tls';
import { configurationError } from '../lib/errors.ts';
import { nodeCrypto, nodeFs } from '../lib/node-modules.ts';

/**
 * The trusted authorities and those of `ca`, because Node's own option `ca` would replace them.
 *
 * @param system those of the system as well, which a host program such as VS Code adds to the requests of its global agent.
 */
export function authorities(tlsModule: Partial<typeof tls>, ca: string | undefined, system: boolean): string[] {
  const { getCACertificates, rootCertificates } = tlsModule;
  // Node 22.15 and later also include NODE_EXTRA_CA_CERTS and, if an option says so, the system's store.
  const own = getCACertificates?.('default') ?? [...(rootCertificates ?? []), ...extraAuthorities()];
  return [...own, ...(system ? (getCACertificates?.('system') ?? []) : []), ...(ca === undefined ? [] : [ca])];
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
