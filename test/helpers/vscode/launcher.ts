#!/usr/bin/env node
/**
 * Accepts the command line that @vscode/test-electron builds for desktop VS Code, and runs its test suite in the extension
 * host of the VS Code server, with the workbench in a headless browser. Exits with the code of the test run, or with 70 if
 * the run reported none.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { format, parseArgs } from 'node:util';
import { launchBrowser } from './browser.ts';
import { startServer } from './server.ts';
import { writeUserSettings } from './user-settings.ts';

const { values, positionals } = parseArgs({
  options: {
    extensionDevelopmentPath: { type: 'string' },
    extensionTestsPath: { type: 'string' },
    'user-data-dir': { type: 'string' },
    'extensions-dir': { type: 'string' },
  },
  // All other arguments are for a desktop window.
  strict: false,
  allowPositionals: true,
});

const consolePrefix = `${randomUUID()} `;
const limitMs = Number(process.env.HOST_TEST_TIMEOUT_MS ?? 300_000);

function required(name: keyof typeof values): string {
  const value = values[name];
  if (typeof value !== 'string') throw new Error(`The option --${name}=PATH is missing.`);
  return value;
}

async function main(): Promise<number> {
  const userDataDir = required('user-data-dir');
  if (!existsSync(join(userDataDir, 'User/settings.json'))) await writeUserSettings(userDataDir);
  await using server = await startServer({
    userDataDir,
    extensionsDir: required('extensions-dir'),
    env: { HOST_CONSOLE_MARK: consolePrefix },
    extensionDevelopment: true,
  });
  const browser = await launchBrowser();
  try {
    const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
    const page = await context.newPage();
    const { promise: exitCode, resolve, reject } = Promise.withResolvers<number>();

    let lastLines: string[] = [];
    const recordLine = (line: string): void => {
      lastLines = [...lastLines, line].slice(-20);
    };
    const fail = (reason: string): void => {
      reject(
        new Error([reason, 'Last lines of the workbench:', ...lastLines, server.output().slice(-4000)].join('\n')),
      );
    };
    page.on('pageerror', (error) => recordLine(error.message));
    page.on('crash', () => fail('The page of the workbench crashed before the test run ended.'));
    browser.on('disconnected', () => fail('The browser exited before the test run ended.'));
    setTimeout(() => {
      fail(`The test run did not end within ${limitMs / 1000} s (HOST_TEST_TIMEOUT_MS).`);
    }, limitMs).unref();

    await context.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) => {
      const line = format(...args);
      // The workbench also sends its own log here; only lines of the suite and the extension have the prefix.
      if (!line.startsWith(consolePrefix)) {
        recordLine(line);
        return;
      }
      const stream = type === 'error' || type === 'warn' ? process.stderr : process.stdout;
      stream.write(`${line.slice(consolePrefix.length)}\n`);
    });
    await context.exposeFunction('codeAutomationExit', (code: number) => resolve(code));
    await page.goto(workbenchAddress(server.port));
    return await exitCode;
  } finally {
    await browser.close();
  }
}

function workbenchAddress(port: number): string {
  const address = new URL(`http://127.0.0.1:${port}/`);
  const remote = (path: string): string => `vscode-remote://${address.host}${path}`;
  const [folder] = positionals;
  if (folder === undefined) address.searchParams.set('ew', 'true');
  else address.searchParams.set('folder', folder);
  const payload = [
    ['extensionDevelopmentPath', remote(required('extensionDevelopmentPath'))],
    ['extensionTestsPath', remote(required('extensionTestsPath'))],
    ['skipWelcome', 'true'],
  ];
  address.searchParams.set('payload', JSON.stringify(payload));
  return address.href;
}

// The browser (by its pipe) and the server (by its supervisor) exit with this process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
// The runner holds the other end of stdin. When it closes, the runner has exited and nothing waits for the tests.
if (process.env.HOST_TEST_RESULT) {
  process.stdin.on('close', () => process.exit(130)).resume();
  process.stdin.unref();
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 70;
}
