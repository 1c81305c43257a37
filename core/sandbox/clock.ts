/** The sandbox's clock: the base clock at another rate, moved forward or back. */
export class SandboxClock {
  readonly #base: () => number;
  #rate: number;
  #baseAnchor: number;
  #anchor: number;

  /** `base` returns epoch milliseconds. */
  constructor(base: () => number, rate: number) {
    this.#base = base;
    this.#rate = rate;
    this.#baseAnchor = base();
    this.#anchor = this.#baseAnchor;
  }

  /** Epoch milliseconds. */
  readonly now = (): number => this.#anchor + (this.#base() - this.#baseAnchor) * this.#rate;

  advance(seconds: number): void {
    this.#anchor += seconds * 1000;
  }

  /** Changes the rate from now on, without a jump. */
  setRate(rate: number): void {
    this.#anchor = this.now();
    this.#baseAnchor = this.#base();
    this.#rate = rate;
  }
}
