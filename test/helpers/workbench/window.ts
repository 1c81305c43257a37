import type { Page } from 'playwright-core';
import { AccountsMenu, Dialogs } from './widgets/dialogs.ts';
import { Notifications } from './widgets/notifications.ts';
import { readPage } from './page-readers.ts';
import { QuickInput } from './widgets/quick-input.ts';
import { StatusItem } from './widgets/status-item.ts';
import { defaultTimeoutMs, matches, waitForVisible, type TextMatch, waitUntil } from './wait-until.ts';

const startWithinMs = 60_000;

/** A rectangle in CSS pixels, measured from the top left corner. */
export interface Clip {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A window of VS Code, driven through keyboard and mouse like by a user. */
export class WorkbenchWindow {
  readonly page: Page;
  readonly quickInput: QuickInput;
  readonly notifications: Notifications;
  readonly dialogs: Dialogs;
  readonly accounts: AccountsMenu;
  readonly #extensionId: string | undefined;

  constructor(page: Page, extensionId?: string) {
    this.page = page;
    this.#extensionId = extensionId;
    this.quickInput = new QuickInput(page);
    this.notifications = new Notifications(page);
    this.dialogs = new Dialogs(page);
    this.accounts = new AccountsMenu(page);
    page.setDefaultTimeout(defaultTimeoutMs);
    // Otherwise the browser's prompt about unsaved changes would block every reload.
    page.on('dialog', (dialog) => void dialog.accept());
  }

  statusItem(extensionId: string, item?: string): StatusItem {
    return new StatusItem(this.page, extensionId, item);
  }

  /** Resolves when the workbench has started and the extension under test shows its status item. */
  async waitUntilReady(): Promise<void> {
    await waitUntil(
      this.page,
      'the workbench to start',
      () =>
        this.page.evaluate<true | undefined>(
          `performance.getEntriesByName('code/didStartWorkbench').length > 0 || undefined`,
        ),
      { timeoutMs: startWithinMs },
    );
    if (this.#extensionId === undefined) return;
    const item = this.page.locator(`.statusbar-item[id^="${this.#extensionId}"]`);
    await waitForVisible(this.page, `the extension host to start ${this.#extensionId}`, item, startWithinMs);
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.waitUntilReady();
  }

  /** Runs `action`, which must reload the window, and resolves when the window is ready again. */
  async waitForReload(action: () => Promise<void>): Promise<void> {
    const reloaded = this.page.waitForEvent('load');
    await action();
    await reloaded;
    await this.waitUntilReady();
  }

  /** Runs a command from the Command Palette by its full title, e.g. `Partner Auth: Sign In`. */
  async runCommand(title: string): Promise<void> {
    await this.#openPalette(title);
    await this.quickInput.pick(title);
  }

  async #openPalette(text: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget .quick-input-box input');
    // An open quick input would compete with the palette for the widget.
    await this.quickInput.waitUntilClosed();
    const open = async (): Promise<true | undefined> =>
      (await input.isVisible()) && (await input.inputValue()).startsWith('>') ? true : undefined;
    await this.page.keyboard.press('F1');
    await waitUntil(this.page, 'the Command Palette to open', open, { actual: () => this.quickInput.state() });
    await input.fill(`>${text}`);
  }

  /** Titles of the commands that the Command Palette offers for this input. */
  async matchingCommands(text: string): Promise<string[]> {
    await this.#openPalette(text);
    const rows = await this.quickInput.settledRows();
    await this.quickInput.cancel();
    await this.quickInput.waitUntilClosed();
    return rows.map(({ label }) => label);
  }

  async readClipboard(): Promise<string> {
    await this.page.bringToFront();
    return this.page.evaluate<string>('navigator.clipboard.readText()');
  }

  waitForClipboard(text: TextMatch, timeoutMs?: number): Promise<string> {
    return waitUntil(
      this.page,
      `the clipboard to hold ${String(text)}`,
      async () => {
        const content = await this.readClipboard();
        return matches(text, content) ? content : undefined;
      },
      timeoutMs === undefined ? {} : { timeoutMs },
    );
  }

  async writeClipboard(text: string): Promise<void> {
    await this.page.bringToFront();
    await this.page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  }

  /** Waits until the visible lines of the active text editor match, and resolves them. */
  waitForEditor(text: RegExp): Promise<string> {
    return this.#waitForLines('the active editor', '.editor-group-container.active', text);
  }

  /** Waits until the visible lines of the Output panel match, and resolves them. */
  waitForOutput(text: RegExp): Promise<string> {
    return this.#waitForLines('the Output panel', '.output-view', text);
  }

  /** The rows of the Problems panel, e.g. `Error: Value is not accepted. [3, 12]`, including one row per file. */
  async problems(): Promise<string[]> {
    const panel = this.page.locator('.markers-panel');
    if (!(await panel.isVisible())) await this.page.locator('[id="status.problems"] a').click();
    await waitForVisible(this.page, 'the Problems panel', panel);
    return readPage(this.page, 'problems');
  }

  waitForProblem(text: TextMatch): Promise<string> {
    return waitUntil(
      this.page,
      `a problem ${String(text)}`,
      async () => (await this.problems()).find((problem) => matches(text, problem)),
      { actual: () => this.problems() },
    );
  }

  /** Saves a screenshot of the window or of a part of it. */
  async screenshot(path: string, clip?: Clip): Promise<void> {
    const part = clip === undefined ? {} : { clip };
    await this.page.screenshot({ path, animations: 'disabled', caret: 'hide', ...part });
  }

  #waitForLines(what: string, container: string, text: RegExp): Promise<string> {
    const read = (): Promise<string> => readPage(this.page, 'textLines', container);
    return waitUntil(
      this.page,
      `${what} to show ${String(text)}`,
      async () => {
        const lines = await read();
        return text.test(lines) ? lines : undefined;
      },
      { actual: read },
    );
  }
}
