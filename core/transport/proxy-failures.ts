import { PartnerAuthError } from '../lib/errors.ts';
import { systemErrorCode } from '../lib/system-error.ts';
import { ConnectError, describeTls, transientCodes } from './failure.ts';
import { adviceOnSecrets, proxyCredentialVariables } from './profile-secrets.ts';
import type { CredentialsIn, Proxy } from './proxy.ts';

/** What messages say of a proxy. */
export interface NamedProxy extends Pick<Proxy, 'label' | 'source' | 'authorization'> {
  /** `host`: in the settings of the host program, which has chosen this proxy. */
  readonly credentialsIn: CredentialsIn | 'host';
}

/** Why a proxy has not opened a tunnel, by its response. */
export function refusal(
  proxy: NamedProxy,
  authority: string,
  status: number,
  schemes: string | undefined,
): PartnerAuthError {
  const { label, source, credentialsIn } = proxy;
  if (status === 407) {
    // Not in a parameter of another scheme, such as its realm.
    const offersBasic = schemes === undefined || /(?:^|,)\s*basic(?:$|[\s,])/i.test(schemes);
    const reason = offersBasic ? refusedCredentials(proxy) : unsupportedScheme;
    const message = `The proxy ${label} ${reason}. Nothing was sent to the partner.`;
    return new PartnerAuthError('configuration', message, { setting: settingToChange(credentialsIn, offersBasic) });
  }
  if (status >= 500 || status === 408 || status === 429) {
    const message = `The proxy ${label} could not connect to ${authority} (HTTP ${status}). Try again, or ask who runs the proxy.`;
    return new PartnerAuthError('network', message, { setting: 'proxy' });
  }
  const message = `The proxy ${label} refused to connect to ${authority} (HTTP ${status}). Ask who runs it to allow that, or check ${source}.`;
  return new PartnerAuthError('network', message, { setting: 'proxy', retryable: false });
}

/** A front end asks for the user and password of a profile where other ones help. */
function settingToChange(credentialsIn: NamedProxy['credentialsIn'], offersBasic: boolean): string {
  if (credentialsIn === 'host') return 'proxy.host';
  return offersBasic || credentialsIn === 'url' ? 'proxy' : 'proxy.scheme';
}

const unsupportedScheme =
  'requires a kind of authentication other than Basic (HTTP 407), which is not supported: use a local proxy that adds it';

function refusedCredentials({ source, authorization, credentialsIn }: NamedProxy): string {
  const [isMissing, isInProfile] = [authorization === undefined, credentialsIn === 'profile'];
  const problem = isMissing
    ? 'requires a user and password (HTTP 407)'
    : `refused the user and password ${isInProfile ? 'of the profile' : `in ${source}`} (HTTP 407)`;
  if (isInProfile) return `${problem}: ${adviceOnSecrets('them', proxyCredentialVariables)}`;
  return isMissing ? `${problem}: add them to ${source}, as in http://user:password@proxy.example:3128` : problem;
}

export function timeoutError({ label, source }: NamedProxy): ConnectError {
  const message = `The proxy ${label} did not connect in time. Try again, or check ${source}.`;
  return connectError(new PartnerAuthError('timeout', message, { setting: 'proxy' }));
}

const reasons: Readonly<Record<string, string>> = {
  // An agent of a host program may not say more.
  'unknown error': 'it did not open one',
  ECONNREFUSED: 'nothing listens at that address',
  ENOTFOUND: 'its host name is unknown',
  EAI_AGAIN: 'its host name could not be looked up',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ETIMEDOUT: 'it could not be reached in time',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
};

/** Why there is no connection to a proxy. */
export function failureOf({ label, source }: NamedProxy, raw: unknown): ConnectError {
  const tls = describeTls(raw);
  if (tls !== undefined) {
    const message = `No secure connection to the proxy ${label}: ${tls.replaceAll('baseUrl', source)}.`;
    return connectError(new PartnerAuthError('tls', message, { setting: 'proxy' }));
  }
  const code = systemErrorCode(raw);
  const reason = code.startsWith('HPE_')
    ? 'it is not an HTTP proxy'
    : (reasons[code] ?? `the connection failed (${code})`);
  const message = `No connection to the proxy ${label}: ${reason}. Check ${source} and the network.`;
  const error = new PartnerAuthError('network', message, { setting: 'proxy' });
  return connectError(error, transientCodes.has(code));
}

export function connectError(error: PartnerAuthError, isTransient = false): ConnectError {
  return new ConnectError({ kind: 'failure', error, mayHaveArrived: false, isTransient });
}
