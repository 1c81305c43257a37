import type { Logger } from '../log.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import { maskedExchange, secretFieldNames, type AuthExchange } from './auth-exchange.ts';

/** Who wants to see the auth exchanges, and how much of them. */
export class ExchangeListeners {
  readonly #secretNames: ReadonlySet<string>;
  readonly #redact: (text: string) => string;
  readonly #log: Logger;
  readonly #listeners = new Map<
    object,
    { readonly call: (exchange: AuthExchange) => void; readonly reveal: boolean }
  >();

  constructor(definition: PartnerDefinition, redact: (text: string) => string, log: Logger) {
    this.#secretNames = secretFieldNames(definition);
    this.#redact = redact;
    this.#log = log;
  }

  subscribe(call: (exchange: AuthExchange) => void, reveal: boolean): () => void {
    const key = {};
    this.#listeners.set(key, { call, reveal });
    return () => void this.#listeners.delete(key);
  }

  announce(exchange: AuthExchange): void {
    if (this.#listeners.size === 0) return;
    const masked = maskedExchange(exchange, this.#secretNames, this.#redact);
    for (const { call, reveal } of this.#listeners.values()) {
      try {
        call(reveal ? exchange : masked);
      } catch {
        this.#log.error('A listener for "exchange" threw an error.');
      }
    }
  }
}
