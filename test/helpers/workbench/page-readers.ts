import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';

/** Injects page-readers.js into every page; call it before the first page opens. */
export async function installPageReaders(context: BrowserContext): Promise<void> {
  await context.addInitScript({ path: join(import.meta.dirname, 'page-readers.js') });
}

/** Calls a function of page-readers.js in the page. `T` must match its return value. */
export function readPage<T>(page: Page, reader: string, ...args: readonly string[]): Promise<T> {
  return page.evaluate<T>(`pageReaders.${reader}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`);
}
