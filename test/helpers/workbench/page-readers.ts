import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';

/** Before the first page opens. */
export async function installPageReaders(context: BrowserContext): Promise<void> {
  await context.addInitScript({ path: join(import.meta.dirname, 'page-readers.js') });
}

/** Calls a function of page-readers.js in the page; the caller states what that one returns. */
export function readPage<T>(page: Page, reader: string, ...args: readonly string[]): Promise<T> {
  return page.evaluate<T>(`pageReaders.${reader}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`);
}
