import { callSafely } from '../lib/call-safely.ts';
import type { Logger } from '../lib/logger.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import { secretFieldNames } from '../partners/secret-fields.ts';
import type { SecretNames } from '../redact/mask.ts';
import { redactWith } from '../redact/redactor.ts';
import { copyExchange, maskExchange, type AuthExchange } from './auth-exchange.ts';

/** The listeners for auth exchanges, each with or without access to secrets. */
export class ExchangeListeners {
  readonly #secretNames: SecretNames;
  readonly #redact: (text: string) => string;
  readonly #log: Logger;
  readonly #listeners = new Map<
    object,
    { readonly listener: (exchange: AuthExchange) => void; readonly reveal: boolean }
  >();

  constructor(definition: PartnerDefinition, redact: (text: string) => string, log: Logger) {
    this.#secretNames = secretFieldNames(definition);
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
        () => listener(reveal ? copyExchange(exchange) : maskExchange(exchange, this.#secretNames, redact)),
        () => this.#log.error('A listener for "exchange" failed.'),
      );
    }
  }
}
