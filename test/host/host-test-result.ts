/** Result that the suite inside VS Code reports to the runner. */
export interface HostTestResult {
  readonly editor: string;
  readonly ui: string;
  readonly passes: number;
  readonly pending: number;
  readonly failures: number;
}
