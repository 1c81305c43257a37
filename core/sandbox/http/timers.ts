/** Timers that are cancelled together. None can start afterwards, so that a request in progress leaves no timer behind. */
export class Timers {
  readonly #pending = new Set<NodeJS.Timeout>();
  #isCancelled = false;

  after(milliseconds: number, run: () => void): void {
    if (this.#isCancelled) return;
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      run();
    }, milliseconds);
    this.#pending.add(timer);
  }

  cancelAll(): void {
    this.#isCancelled = true;
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
  }
}
