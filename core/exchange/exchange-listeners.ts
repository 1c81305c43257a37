import { callSafely } from '../lib/call-safely.ts';
import type { Logger } from '../lib/logger.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import { redactWith, type Redactor } from '../redact/redactor.ts';
import { copy, maskExchange, type AuthExchange } from './auth-exchange.ts';

/** The listeners for auth exchanges, each with or without access to secrets. */
export class ExchangeListeners {
  readonly #definition: PartnerDefinition;
  readonly #redact: Redactor['redact'];
  readonly #log: Logger;
  readonly #listeners = new Map<
    object,
    { readonly listener: (exchange: AuthExchange) => void; readonly reveal: boolean }
  >();

  constructor(definition: PartnerDefinition, redact: Redactor['redact'], log: Logger) {
    this.#definition = definition;
    this.#redact = redact;
    this.#log = log;
  }

  subscribe(listener: (exchange: AuthExchange) => void, reveal: boolean): () => void {
    const key = {};
    this.#listeners.set(key, { listener, reveal });
    return () => void this.#listeners.delete(key);
  }

  /** `secrets`: further secrets of this exchange, such as its ciphertext. */
  notify(exchange: AuthExchange, secrets: readonly string[] = []): void {
    const redact = redactWith(this.#redact, secrets);
    for (const { listener, reveal } of [...this.#listeners.values()]) {
      callSafely(
        () => listener(reveal ? copy(exchange) : maskExchange(exchange, this.#definition, redact)),
        () => this.#log.error('A listener for "exchange" failed.'),
      );
    }
  }
}
