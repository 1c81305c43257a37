import { env } from 'vscode';
import type { Clipboard, Disposable } from '../model/app.ts';

/** The system's clipboard. `subscriptions` end its timers when the window closes. */
export function systemClipboard(clearAfter: Clipboard['clearAfter'], subscriptions: Disposable[]): Clipboard {
  return {
    read: async () => env.clipboard.readText(),
    write: async (text) => env.clipboard.writeText(text),
    clearAfter,
    schedule(seconds, callback) {
      const timer = setTimeout(() => void callback(), seconds * 1000);
      subscriptions.push({ dispose: () => clearTimeout(timer) });
    },
  };
}
