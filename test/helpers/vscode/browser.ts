import { existsSync } from 'node:fs';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';
import { provideChromium } from './install/chromium-install.ts';

/** No root, no display, no chatter with the browser's makers: the tests use loopback only. */
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
  /** Shows the browser's window, for trying things by hand; needs an installed browser and a display. */
  readonly headed?: boolean;
}

/**
 * `BROWSER_EXECUTABLE` if set; else an installed Chrome, Chromium or Edge, if there is one that starts; else the
 * Chromium from npm.
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
      // A snap stub or an install without its libraries is there but does not start.
      failures.push(error);
    }
  }
  if (headed) throw new AggregateError(failures, 'No installed browser starts; set BROWSER_EXECUTABLE.');
  const { executablePath, env } = await provideChromium();
  return chromium.launch({ ...options, executablePath, env: { ...process.env, ...env } });
}
