/** What the suite inside VS Code hands to the runner outside: the proof that it ran. */
export interface HostTestResult {
  readonly editor: string;
  readonly ui: string;
  readonly passes: number;
  readonly pending: number;
  readonly failures: number;
}
