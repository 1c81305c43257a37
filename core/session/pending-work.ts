/** Work that somebody else awaits too, and that must be over before what it uses is closed. */
export class PendingWork {
  readonly #pending = new Set<Promise<unknown>>();

  /** Returns the same promise. */
  add<T>(work: Promise<T>): Promise<T> {
    this.#pending.add(work);
    const done = (): void => void this.#pending.delete(work);
    work.then(done, done);
    return work;
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#pending);
  }
}
