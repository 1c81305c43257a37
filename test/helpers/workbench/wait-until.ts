import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { Locator, Page } from 'playwright-core';
import { repositoryRoot } from '../vscode/paths.ts';

export const defaultTimeoutMs = 15_000;
const pollEveryMs = 50;

/**
 * Polls `probe` until it resolves something other than undefined, and resolves that value. On timeout, throws an error that
 * names `what` was expected and, if given, the `actual` state.
 */
export async function waitUntil<T>(
  page: Page,
  what: string,
  probe: () => Promise<T | undefined>,
  { timeoutMs = defaultTimeoutMs, actual: seen }: { timeoutMs?: number; actual?: () => Promise<unknown> } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() > deadline) break;
    await delay(pollEveryMs);
  }
  const found = seen === undefined ? '' : `\nFound: ${inspect(await seen(), { depth: 4 })}`;
  throw new Error(
    `Timed out after ${timeoutMs / 1000} s waiting for ${what}.${found}\nScreenshot: ${await saveScreenshot(page)}`,
  );
}

/** Like `locator.waitFor`, but with an error message that describes the locator. */
export async function waitForVisible(page: Page, what: string, locator: Locator, timeoutMs?: number): Promise<void> {
  await waitUntil(page, what, async () => ((await locator.first().isVisible()) ? true : undefined), {
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}

async function saveScreenshot(page: Page): Promise<string> {
  const folder = join(repositoryRoot, 'out/workbench');
  const path = join(folder, `timeout-${new Date().toISOString().replaceAll(':', '-')}.png`);
  try {
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path });
    return path;
  } catch {
    return 'none, the window is closed';
  }
}

/** An exact string or a pattern. */
export type TextMatch = string | RegExp;

export function matches(match: TextMatch, text: string): boolean {
  return typeof match === 'string' ? text === match : match.test(text);
}
