/** Timers that end together; once ended, none can be started, so that a request still being processed leaves nothing behind. */
export class Timers {
  readonly #pending = new Set<NodeJS.Timeout>();
  #ended = false;

  after(milliseconds: number, run: () => void): void {
    if (this.#ended) return;
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      run();
    }, milliseconds);
    this.#pending.add(timer);
  }

  end(): void {
    this.#ended = true;
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
  }
}
