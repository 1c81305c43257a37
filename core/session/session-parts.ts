import { cipherFacts } from '../exchange/auth-exchange.ts';
import { ExchangeListeners } from '../exchange/exchange-listeners.ts';
import { partnerCalls } from '../exchange/partner-calls.ts';
import { completeClock } from '../lib/clock.ts';
import { silentLogger } from '../lib/logger.ts';
import { isUnencrypted } from '../partners/base-url.ts';
import { refreshCallOf } from '../partners/renewal.ts';
import { secretsOf } from '../redact/owned-secrets.ts';
import { fieldNamesIn } from '../partners/field-names.ts';
import { createRedactor, redactingLogger } from '../redact/redactor.ts';
import { memoryStore } from '../stores/memory-store.ts';
import type { TokenStore } from '../stores/token-store.ts';
import { gotTransport } from '../transport/got-transport.ts';
import { proxySecrets, type CredentialsIn } from '../transport/proxy.ts';
import { knownSecrets } from './known-secrets.ts';
import { renewalOf } from './renewal.ts';
import { credentialsOption, resolveOptions, type SessionOptions } from './options.ts';
import { SessionReplica } from './session-replica.ts';
import { loginFlow } from './sign-in/login.ts';
import { SessionState } from './state.ts';

/** Creates the parts of a session. With the option `autoRefresh`, `refresh` is called when the tokens are due. */
export function sessionParts(given: SessionOptions, credentialsIn: CredentialsIn, refresh: () => void) {
  const options = resolveOptions(given);
  const { definition, margin, timeout } = options;
  const { ca, cipher, globalAgent = false, proxy, clientCertificate, store = memoryStore() } = given;
  const clock = completeClock(given.clock);
  const redactor = createRedactor(fieldNamesIn(definition, options.extraFields));
  redactor.keep(...knownSecrets(options, cipher), ...proxySecrets(proxy, process.env), ...secretsOf(store));
  const log = redactingLogger(given.logger ?? silentLogger, redactor);
  const now = (): number => clock.now();
  if (options.isUnencrypted) log.warn(unencryptedWarning([options.origin, options.apiOrigin], clientCertificate));
  const exchanges = new ExchangeListeners(definition, redactor.redact, log);
  const network = { proxy, credentialsIn, clientCertificate };
  const connect = () => {
    const transport = gotTransport({ ca, globalAgent, ...network, privateOnly: options.isUnencrypted, now });
    const calls = partnerCalls({
      ...options,
      transport,
      redactor,
      warn: (message) => log.warn(message),
      now,
      cipherFacts: cipher && cipherFacts(cipher),
      onExchange: (exchange, secrets) => exchanges.notify(exchange, secrets),
    });
    return { transport, calls };
  };
  const { transport, calls } = connect();
  // The transport has checked its type.
  redactor.keep(clientCertificate?.passphrase);
  const login = loginFlow(definition, calls, redactor, () => clock.monotonic());
  const onDue = given.autoRefresh === true ? refresh : undefined;
  const credentials = credentialsOption(given);
  const renewal = renewalOf(definition, credentials !== undefined);
  const oldTokenStaysValid = refreshCallOf(definition)?.oldTokenStaysValid === true;
  const state = new SessionState({
    clock,
    log,
    margin,
    isUnencrypted: options.isUnencrypted,
    storePath: pathOf(store),
    onDue,
    renewal,
  });
  const replica = new SessionReplica({ store, connection: options, state, clock, redactor, log });
  const renewing = { renewal, credentials, oldTokenStaysValid };
  const connected = { transport, exchanges, calls, connect, login };
  return { options, timeout, clock, store, log, redactor, state, replica, ...connected, ...renewing };
}

/** A store of the user may have anything as its path. */
function pathOf({ path }: TokenStore): string | undefined {
  return typeof path === 'string' ? path : undefined;
}

function unencryptedWarning(origins: readonly string[], clientCertificate: unknown): string {
  const unencrypted = new Set(origins.filter(isUnencrypted));
  const unsent = clientCertificate === undefined ? '' : ' The client certificate is not sent on it.';
  return `The connection to ${[...unencrypted].join(' and ')} is not encrypted (allowHttp): anyone on its network can read credentials and tokens.${unsent}`;
}
