import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { Locator, Page } from 'playwright-core';
import { repositoryRoot } from '../vscode/paths.ts';

export const defaultTimeoutMs = 15_000;
const pollEveryMs = 50;

/**
 * Asks `probe` until it answers with something other than undefined. `what` completes the sentence "waited for ...";
 * `seen` is asked once, after the time is up, for what there was instead.
 */
export async function until<T>(
  page: Page,
  what: string,
  probe: () => Promise<T | undefined>,
  { timeoutMs = defaultTimeoutMs, seen }: { timeoutMs?: number; seen?: () => Promise<unknown> } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) break;
    await delay(pollEveryMs);
  }
  const instead = seen === undefined ? '' : `\nThere was: ${inspect(await seen(), { depth: 4 })}`;
  throw new Error(`Waited ${timeoutMs / 1000} s in vain for ${what}.${instead}\nPicture: ${await picture(page)}`);
}

/** Like `locator.waitFor`, with a message that says what the locator stands for. */
export async function shown(page: Page, what: string, locator: Locator, timeoutMs?: number): Promise<void> {
  await until(page, what, async () => ((await locator.first().isVisible()) ? true : undefined), {
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}

async function picture(page: Page): Promise<string> {
  const folder = join(repositoryRoot, 'out/workbench');
  const path = join(folder, `timeout-${new Date().toISOString().replaceAll(':', '-')}.png`);
  try {
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path });
    return path;
  } catch {
    return 'none, the window is gone';
  }
}

/** A text that must be equal, or a pattern. */
export type TextMatch = string | RegExp;

export function matches(match: TextMatch, text: string): boolean {
  return typeof match === 'string' ? text === match : match.test(text);
}
