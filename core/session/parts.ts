import { cipherFacts } from '../exchange/auth-exchange.ts';
import { ExchangeListeners } from '../exchange/exchange-listeners.ts';
import { partnerCalls } from '../exchange/partner-calls.ts';
import { createRedactor, redactingLogger, silentLogger } from '../log.ts';
import { memoryStore } from '../stores/memory-store.ts';
import { gotTransport } from '../transport/got-transport.ts';
import { resolveOptions, type SessionOptions } from './options.ts';
import { loginFlow } from './sign-in/login.ts';
import { SessionState } from './state.ts';
import { systemClock } from './time/clock.ts';

/** What a session is made of. `refresh` is called when the tokens are due, where the options ask for that. */
export function sessionParts(given: SessionOptions, refresh: () => void) {
  const options = resolveOptions(given);
  const { definition, margin } = options;
  const { ca, cipher, clock = systemClock, globalAgent = false, store = memoryStore() } = given;
  const redactor = createRedactor();
  const log = redactingLogger(given.logger ?? silentLogger, redactor);
  const now = (): number => clock.now();
  const transport = gotTransport({ ca, globalAgent, now });
  const exchanges = new ExchangeListeners(definition, redactor.redact, log);
  const calls = partnerCalls({
    ...options,
    transport,
    redactor,
    now,
    cipherFacts: cipher && cipherFacts(cipher),
    onExchange: (exchange, secrets) => exchanges.announce(exchange, secrets),
  });
  const login = loginFlow(definition, calls, redactor, () => clock.monotonic());
  const onDue = given.autoRefresh === true ? refresh : undefined;
  const state = new SessionState({ clock, log, margin, onDue });
  return { options, clock, store, redactor, log, transport, exchanges, calls, login, state };
}
