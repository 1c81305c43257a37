import { format } from 'node:util';

/**
 * Prefixes each console line of this extension host with `HOST_CONSOLE_MARK`, if set. The launcher receives these lines
 * mixed with the log of the workbench and forwards only those with the prefix. Desktop VS Code separates the two itself.
 */
export function prefixConsole(): void {
  const prefix = process.env.HOST_CONSOLE_MARK;
  if (!prefix) return;
  const original = console;
  const withPrefix =
    (level: 'debug' | 'log' | 'info' | 'warn' | 'error') =>
    (...args: unknown[]) => {
      original[level](prefix + format(...args));
    };
  // A new object, because VS Code makes the methods of its console read-only.
  globalThis.console = {
    ...original,
    debug: withPrefix('debug'),
    log: withPrefix('log'),
    info: withPrefix('info'),
    warn: withPrefix('warn'),
    error: withPrefix('error'),
  };
}
