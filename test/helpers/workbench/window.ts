import type { Page } from 'playwright-core';
import { AccountsMenu, Dialogs } from './widgets/dialogs.ts';
import { Notifications } from './widgets/notifications.ts';
import { readPage } from './page-readers.ts';
import { QuickInput } from './widgets/quick-input.ts';
import { StatusItem } from './widgets/status-item.ts';
import { defaultTimeoutMs, matches, shown, type TextMatch, until } from './until.ts';

const startWithinMs = 60_000;

/** In points, from the left upper corner. */
export interface Clip {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One window of VS Code, used as a person would: by keyboard, mouse and reading. */
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
    // The question of the browser whether to leave a page with unsaved text would hold up every reload.
    page.on('dialog', (dialog) => void dialog.accept());
  }

  statusItem(extensionId: string, item?: string): StatusItem {
    return new StatusItem(this.page, extensionId, item);
  }

  /** Resolves when the workbench is up and the extension under test, activated at startup, shows its status item. */
  async whenReady(): Promise<void> {
    await until(
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
    await shown(this.page, `the extension host to start ${this.#extensionId}`, item, startWithinMs);
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.whenReady();
  }

  /** Resolves when the window that `action` makes reload itself is up again. */
  async whenReloadedBy(action: () => Promise<void>): Promise<void> {
    const reloaded = this.page.waitForEvent('load');
    await action();
    await reloaded;
    await this.whenReady();
  }

  /** Runs the command with this full title, e.g. `Partner Auth: Sign In`, from the command palette. */
  async runCommand(title: string): Promise<void> {
    await this.#openPalette(title);
    await this.quickInput.pick(title);
  }

  async #openPalette(text: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget .quick-input-box input');
    // One that still waits for an answer would fight with the palette for the widget.
    await this.quickInput.waitUntilClosed();
    const open = async (): Promise<true | undefined> =>
      (await input.isVisible()) && (await input.inputValue()).startsWith('>') ? true : undefined;
    await this.page.keyboard.press('F1');
    await until(this.page, 'the command palette to open', open, { seen: () => this.quickInput.state() });
    await input.fill(`>${text}`);
  }

  /** Titles in the command palette that fit what is typed: what a person can run now. */
  async commandsLike(text: string): Promise<string[]> {
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
    return until(
      this.page,
      `the clipboard to hold ${String(text)}`,
      async () => {
        const held = await this.readClipboard();
        return matches(text, held) ? held : undefined;
      },
      timeoutMs === undefined ? {} : { timeoutMs },
    );
  }

  async writeClipboard(text: string): Promise<void> {
    await this.page.bringToFront();
    await this.page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  }

  /** The lines on screen of the active text editor, once they fit. */
  waitForEditor(text: RegExp): Promise<string> {
    return this.#waitForLines('the active editor', '.editor-group-container.active', text);
  }

  /** The lines on screen of the Output panel, where log channels are shown, once they fit. */
  waitForOutput(text: RegExp): Promise<string> {
    return this.#waitForLines('the Output panel', '.output-view', text);
  }

  /** What the Problems panel lists, e.g. `Error: Value is not accepted. [3, 12]`, with a row for each file. */
  async problems(): Promise<string[]> {
    const panel = this.page.locator('.markers-panel');
    if (!(await panel.isVisible())) await this.page.locator('[id="status.problems"] a').click();
    await shown(this.page, 'the Problems panel', panel);
    return readPage(this.page, 'problems');
  }

  waitForProblem(text: TextMatch): Promise<string> {
    return until(
      this.page,
      `a problem ${String(text)}`,
      async () => (await this.problems()).find((problem) => matches(text, problem)),
      { seen: () => this.problems() },
    );
  }

  /** A picture of the window, or of a part of it. */
  async screenshot(path: string, clip?: Clip): Promise<void> {
    const part = clip === undefined ? {} : { clip };
    await this.page.screenshot({ path, animations: 'disabled', caret: 'hide', ...part });
  }

  #waitForLines(what: string, container: string, text: RegExp): Promise<string> {
    const read = (): Promise<string> => readPage(this.page, 'textLines', container);
    return until(
      this.page,
      `${what} to show ${String(text)}`,
      async () => {
        const lines = await read();
        return text.test(lines) ? lines : undefined;
      },
      { seen: read },
    );
  }
}
