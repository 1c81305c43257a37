import type { Logger } from '../lib/logger.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import { secretFieldNames } from '../partners/secret-fields.ts';
import type { SecretNames } from '../redact/mask.ts';
import { redactWith } from '../redact/redactor.ts';
import { copiedExchange, maskedExchange, type AuthExchange } from './auth-exchange.ts';

/** The listeners for auth exchanges, and how much each may see. */
export class ExchangeListeners {
  readonly #secretNames: SecretNames;
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

  /** `secrets`: what else must not be seen in this exchange, such as its ciphertext. */
  announce(exchange: AuthExchange, secrets: readonly string[] = []): void {
    const redact = redactWith(this.#redact, secrets);
    for (const { call, reveal } of [...this.#listeners.values()]) {
      try {
        call(reveal ? copiedExchange(exchange) : maskedExchange(exchange, this.#secretNames, redact));
      } catch {
        this.#log.error('A listener for "exchange" threw an error.');
      }
    }
  }
}
