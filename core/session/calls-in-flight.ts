/** The calls of a session's callers, which `close()` waits for and ends if they take too long. */
export class CallsInFlight {
  readonly #calls = new Set<(error: Error) => void>();
  #onEmpty: (() => void) | undefined;

  /** Settles as `work`, unless the calls are ended before. */
  add<T>(work: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#calls.add(reject);
    const done = (): void => {
      this.#calls.delete(reject);
      if (this.#calls.size === 0) this.#onEmpty?.();
    };
    work.then(resolve, reject).finally(done);
    return promise;
  }

  /** Resolves once there is no call. */
  settled(): Promise<void> {
    if (this.#calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onEmpty = resolve));
  }

  /** Rejects all calls. */
  end(error: Error): void {
    for (const reject of this.#calls) reject(error);
  }
}
