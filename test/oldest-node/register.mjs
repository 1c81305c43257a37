import { register } from 'node:module';

register('./hooks.mjs', import.meta.url);

// What the tests, not the product, take from a newer Node.
globalThis.AsyncDisposableStack ??= class {
  #callbacks = [];
  use(value) {
    if (value != null) this.#callbacks.push(() => value[Symbol.asyncDispose]());
    return value;
  }
  defer(callback) {
    this.#callbacks.push(callback);
  }
  async disposeAsync() {
    for (const callback of this.#callbacks.splice(0).reverse()) await callback();
  }
  [Symbol.asyncDispose]() {
    return this.disposeAsync();
  }
};
