import { format } from 'node:util';

/**
 * Where the launcher asks for it, starts each line that this extension host prints with a mark: the launcher gets them
 * mixed with the log of the workbench and forwards only what is marked. Desktop VS Code keeps the two apart by itself.
 */
export function markConsole(): void {
  const mark = process.env.HOST_CONSOLE_MARK;
  if (!mark) return;
  const original = console;
  const marked =
    (level: 'debug' | 'log' | 'info' | 'warn' | 'error') =>
    (...args: unknown[]) => {
      original[level](mark + format(...args));
    };
  // A new object, because VS Code has made the methods of the one there read-only.
  globalThis.console = {
    ...original,
    debug: marked('debug'),
    log: marked('log'),
    info: marked('info'),
    warn: marked('warn'),
    error: marked('error'),
  };
}
