/** Tracks promises that others await, so that what they use can be closed after they have settled. */
export class PendingWork {
  readonly #pending = new Set<Promise<unknown>>();

  /** Returns the same promise. */
  add<T>(work: Promise<T>): Promise<T> {
    this.#pending.add(work);
    const done = (): void => void this.#pending.delete(work);
    work.then(done, done);
    return work;
  }

  /** Resolves once all of them have settled. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#pending);
  }
}
