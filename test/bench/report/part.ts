export interface BenchOptions {
  /** One short round of everything: shows that it runs, not how fast it is. */
  readonly quick: boolean;
}

export interface PartResult {
  readonly markdown: string;
  /** What `budget.json` may hold a limit for, by the names used there. */
  readonly figures: Readonly<Record<string, number>>;
}

export interface Part {
  readonly title: string;
  run(options: BenchOptions): Promise<PartResult>;
}
