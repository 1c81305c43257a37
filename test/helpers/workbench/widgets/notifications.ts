import type { Locator, Page } from 'playwright-core';
import { readPage } from '../page-readers.ts';
import { matches, type TextMatch, until } from '../until.ts';

export interface NotificationState {
  readonly text: string;
  readonly severity: 'info' | 'warning' | 'error';
  readonly buttons: readonly string[];
}

/** The notifications on screen: at most three as toasts; those without buttons go by themselves after some seconds. */
export class Notifications {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  list(): Promise<NotificationState[]> {
    return readPage(this.#page, 'notifications');
  }

  waitFor(text: TextMatch): Promise<NotificationState> {
    return until(
      this.#page,
      `a notification ${String(text)}`,
      async () => (await this.list()).find((state) => matches(text, state.text)),
      { seen: () => this.list() },
    );
  }

  /** Presses a button of the notification whose text fits; waits for it to appear first. */
  async click(text: TextMatch, button: string): Promise<void> {
    await this.waitFor(text);
    const index = (await this.list()).findIndex((state) => matches(text, state.text));
    await this.#items().nth(index).locator('.monaco-button').getByText(button, { exact: true }).click();
  }

  async dismissAll(): Promise<void> {
    await until(
      this.#page,
      'the notifications to go',
      async () => {
        const item = this.#items().first();
        if ((await item.count()) === 0) return true;
        const close = item.locator('.codicon-notifications-clear, .codicon-notifications-hide').first();
        // Those of progress have no such button and may go by themselves at any time.
        await item.hover({ timeout: 1000 }).catch(() => undefined);
        await close.click({ timeout: 1000 }).catch(() => undefined);
        return undefined;
      },
      { seen: () => this.list() },
    );
  }

  #items(): Locator {
    return this.#page.locator('.notification-list-item:visible');
  }
}
