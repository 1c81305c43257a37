/** Receives the log messages of a session. `console` and VS Code's `LogOutputChannel` implement it. */
export interface Logger {
  /** Details, for a maintainer of this package. */
  debug(message: string): void;
  /** What the session has done, such as a refresh. */
  info(message: string): void;
  /** What is not as it should be, although the session goes on. */
  warn(message: string): void;
  /** What a person should look at, such as a session that could not be saved. */
  error(message: string): void;
}

const noop = (): void => undefined;
export const silentLogger: Logger = { debug: noop, info: noop, warn: noop, error: noop };
