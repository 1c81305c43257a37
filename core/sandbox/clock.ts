/** The sandbox's time: the base clock, run faster and jumped forward. */
export class SandboxClock {
  readonly #base: () => number;
  #rate: number;
  #baseAnchor: number;
  #ownAnchor: number;

  /** `base` gives epoch milliseconds. */
  constructor(base: () => number, rate: number) {
    this.#base = base;
    this.#rate = rate;
    this.#baseAnchor = base();
    this.#ownAnchor = this.#baseAnchor;
  }

  /** Epoch milliseconds. */
  readonly now = (): number => this.#ownAnchor + (this.#base() - this.#baseAnchor) * this.#rate;

  advance(seconds: number): void {
    this.#ownAnchor += seconds * 1000;
  }

  /** Time goes on from where it is, at another speed. */
  setRate(rate: number): void {
    this.#ownAnchor = this.now();
    this.#baseAnchor = this.#base();
    this.#rate = rate;
  }
}
