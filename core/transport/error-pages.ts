import { configurationError, PartnerAuthError } from '../lib/errors.ts';
import { describeClientCertificate, type OfferedCertificate, type TransportFailure } from './failure.ts';

/** nginx completes the handshake, and then responds with its own page: with status 400, or these where it is so configured. */
const certificateStatuses: readonly number[] = [495, 496];
const certificatePage = /<title>400 (?:No required SSL certificate was sent|The SSL certificate error)<\/title>/;

/** What nginx, Apache and the servers of Go (such as Cloudreve) respond to HTTP without TLS at a port for TLS. */
const plainPage =
  /The plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL-enabled server port|Client sent an HTTP request to an HTTPS server/;

/** How much of a page is searched, in bytes. */
const searched = 4096;

/**
 * The failure of a connection that a web server reports by a page, before the partner itself gets the request; undefined for any
 * other response.
 *
 * @param presented the client certificate of the connection.
 */
export function describeErrorPage(
  { statusCode: status }: { readonly statusCode: number },
  body: Buffer,
  host: string,
  secure: boolean,
  presented: OfferedCertificate | undefined,
): TransportFailure | undefined {
  const isCertificateStatus = certificateStatuses.includes(status);
  if (status !== 400 && !isCertificateStatus) return undefined;
  const page = body.toString('latin1', 0, searched);
  if (secure && (isCertificateStatus || certificatePage.test(page))) {
    const reason = describeClientCertificate('', presented);
    const message = `No secure connection to ${host}: ${reason} (HTTP ${status}).`;
    return failureOf(new PartnerAuthError('tls', message, { status, setting: 'clientCertificate' }));
  }
  if (secure || !plainPage.test(page)) return undefined;
  return failureOf(
    configurationError('baseUrl', `The server at ${host} requires TLS at that port: use https:// in baseUrl.`),
  );
}

function failureOf(error: PartnerAuthError): TransportFailure {
  return { kind: 'failure', error, mayHaveArrived: false, isTransient: false };
}
