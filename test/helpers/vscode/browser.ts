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

const installedPaths = [
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/microsoft-edge',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];

export interface BrowserOptions {
  /** Shows the browser window, for manual testing. Requires an installed browser and a display. */
  readonly headed?: boolean;
}

/**
 * Launches `BROWSER_EXECUTABLE` if set, else the first installed Chrome, Chromium or Edge that starts, else the Chromium
 * from npm.
 */
export async function launchBrowser({ headed = false }: BrowserOptions = {}): Promise<Browser> {
  const options: LaunchOptions = { headless: !headed, args };
  const chosen = process.env.BROWSER_EXECUTABLE;
  if (chosen) return chromium.launch({ ...options, executablePath: chosen });

  const failures: unknown[] = [];
  for (const executablePath of installedPaths.filter((path) => existsSync(path))) {
    try {
      return await chromium.launch({ ...options, executablePath });
    } catch (error) {
      // A snap stub, or a browser whose libraries are missing, exists but does not start.
      failures.push(error);
    }
  }
  if (headed) throw new AggregateError(failures, 'No installed browser could be started. Set BROWSER_EXECUTABLE.');
  const { executablePath, env } = await ensureChromium();
  return chromium.launch({ ...options, executablePath, env: { ...process.env, ...env } });
}
