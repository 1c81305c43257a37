import { existsSync } from 'node:fs';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';
import { ensureChromium } from './install/chromium-install.ts';

/** Runs as root and without a display, and makes no background requests: the tests use loopback only. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where Chrome, Chromium and Edge are usually installed. */
export const installedBrowsers = [
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/microsoft-edge',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];

/**
 * Launches `BROWSER_EXECUTABLE` if set, else the first installed Chrome, Chromium or Edge that starts, else the Chromium
 * from npm. `more` are additional arguments.
 */
export async function launchBrowser(more: readonly string[] = []): Promise<Browser> {
  const options: LaunchOptions = { args: [...args, ...more] };
  const chosen = process.env.BROWSER_EXECUTABLE;
  if (chosen) return chromium.launch({ ...options, executablePath: chosen });

  for (const executablePath of installedBrowsers.filter((path) => existsSync(path))) {
    try {
      return await chromium.launch({ ...options, executablePath });
    } catch {
      // A snap stub, or a browser whose libraries are missing, exists but does not start.
    }
  }
  const { executablePath, env } = await ensureChromium();
  return chromium.launch({ ...options, executablePath, env: { ...process.env, ...env } });
}
