import type { Page } from 'playwright-core';
import { waitForVisible, waitUntil } from '../wait-until.ts';

export interface DialogState {
  readonly text: string;
  readonly buttons: readonly string[];
}

/** The modal dialog on screen, e.g. the consent prompt before an extension gets a session. */
export class Dialogs {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  waitFor(): Promise<DialogState> {
    const box = this.#page.locator('.monaco-dialog-box:visible');
    return waitUntil(this.#page, 'a dialog', async () => {
      if ((await box.count()) === 0) return undefined;
      return {
        text: (await box.locator('.dialog-message-container').innerText()).trim(),
        buttons: await box.locator('.monaco-button').allInnerTexts(),
      };
    });
  }

  async click(button: string): Promise<void> {
    await this.waitFor();
    await this.#page.locator('.monaco-dialog-box .monaco-button').getByText(button, { exact: true }).click();
  }
}

/** The Accounts menu of the Activity Bar. */
export class AccountsMenu {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Opens the menu and returns its entries, e.g. `ann@example.com (Partner Auth)`. */
  async open(): Promise<string[]> {
    await this.#page.locator('.activitybar .codicon-accounts-view-bar-icon').click();
    const entries = this.#page.locator('.monaco-menu .action-menu-item .action-label');
    await waitForVisible(this.#page, 'the Accounts menu', entries);
    return entries.allInnerTexts();
  }

  /** Selects an entry of the open menu, or `action` from the submenu of that entry. */
  async choose(entry: string, action?: string): Promise<void> {
    const label = (name: string) => this.#page.locator('.monaco-menu .action-label').getByText(name, { exact: true });
    if (action !== undefined) await label(entry).click();
    const last = label(action ?? entry);
    await waitForVisible(this.#page, `the menu entry ${action ?? entry}`, last);
    // A menu ignores clicks immediately after it opens.
    await waitUntil(this.#page, `the menu to accept ${action ?? entry}`, async () => {
      if (!(await last.isVisible())) return true;
      await last.click({ timeout: 1000 }).catch(() => undefined);
      return undefined;
    });
  }

  async close(): Promise<void> {
    await this.#page.keyboard.press('Escape');
  }
}
