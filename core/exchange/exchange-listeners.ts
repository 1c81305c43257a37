import type { Logger } from '../log.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import {
  copiedExchange,
  maskedExchange,
  secretFieldNames,
  type AuthExchange,
  type SecretNames,
} from './auth-exchange.ts';

/** Who wants to see the auth exchanges, and how much of them. */
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
    const redact = (text: string): string =>
      this.#redact(secrets.reduce((rest, secret) => rest.replaceAll(secret, '[hidden]'), text));
    for (const { call, reveal } of [...this.#listeners.values()]) {
      try {
        call(reveal ? copiedExchange(exchange) : maskedExchange(exchange, this.#secretNames, redact));
      } catch {
        this.#log.error('A listener for "exchange" threw an error.');
      }
    }
  }
}
