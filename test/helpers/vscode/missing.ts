import { existsSync } from 'node:fs';
import { installedBrowsers } from './browser.ts';

/** Why no browser can be had on this machine. */
export function missingBrowser(): string | undefined {
  // npm has a Chromium for this platform only.
  const fromNpm = process.platform === 'linux' && process.arch === 'x64';
  if (fromNpm || process.env.BROWSER_EXECUTABLE || installedBrowsers.some((path) => existsSync(path))) return undefined;
  return 'no Chrome, Chromium or Edge is installed; install one or set BROWSER_EXECUTABLE';
}

/** Why no VS Code can be had on this machine. */
export function missingEditor(): string | undefined {
  if (process.env.VSCODE_EXECUTABLE || process.env.VSCODE_DOWNLOAD) return undefined;
  const browser = missingBrowser();
  return browser && `${browser}, or set VSCODE_EXECUTABLE or VSCODE_DOWNLOAD=1 to use the desktop VS Code`;
}
