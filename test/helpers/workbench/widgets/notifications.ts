import type { Locator, Page } from 'playwright-core';
import { readPage } from '../page-readers.ts';
import { matches, type TextMatch, waitUntil } from '../wait-until.ts';

export interface NotificationState {
  readonly text: string;
  readonly severity: 'info' | 'warning' | 'error';
  readonly buttons: readonly string[];
}

/** The notifications on screen. VS Code shows at most three, and hides those without buttons after a few seconds. */
export class Notifications {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  list(): Promise<NotificationState[]> {
    return readPage(this.#page, 'notifications');
  }

  waitFor(text: TextMatch): Promise<NotificationState> {
    return waitUntil(
      this.#page,
      `a notification ${String(text)}`,
      async () => (await this.list()).find((state) => matches(text, state.text)),
      { actual: () => this.list() },
    );
  }

  /** Waits for a notification whose text matches, and clicks one of its buttons. */
  async click(text: TextMatch, button: string): Promise<void> {
    await this.waitFor(text);
    const index = (await this.list()).findIndex((state) => matches(text, state.text));
    await this.#items().nth(index).locator('.monaco-button').getByText(button, { exact: true }).click();
  }

  async dismissAll(): Promise<void> {
    await waitUntil(
      this.#page,
      'the notifications to close',
      async () => {
        const item = this.#items().first();
        if ((await item.count()) === 0) return true;
        const close = item.locator('.codicon-notifications-clear, .codicon-notifications-hide').first();
        // Progress notifications have no such button and may close at any time.
        await item.hover({ timeout: 1000 }).catch(() => undefined);
        await close.click({ timeout: 1000 }).catch(() => undefined);
        return undefined;
      },
      { actual: () => this.list() },
    );
  }

  #items(): Locator {
    return this.#page.locator('.notification-list-item:visible');
  }
}
