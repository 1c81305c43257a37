import type { Locator, Page } from 'playwright-core';
import { readPage } from '../page-readers.ts';
import { matches, waitForVisible, type TextMatch, waitUntil } from '../wait-until.ts';

export interface StatusItemState {
  /** With icons as `$(name)`. */
  readonly text: string;
  /** Accessible label. */
  readonly label: string;
  readonly kind: 'default' | 'warning' | 'error';
}

export interface TooltipState {
  readonly text: string;
  readonly links: readonly string[];
}

/** A status bar item of an extension; `item` is the id given to createStatusBarItem, if there are several. */
export class StatusItem {
  readonly #page: Page;
  readonly #item: Locator;
  readonly #name: string;
  readonly #selector: string;

  constructor(page: Page, extensionId: string, item?: string) {
    this.#page = page;
    this.#name = item === undefined ? extensionId : `${extensionId}.${item}`;
    this.#selector = `.statusbar-item[id${item === undefined ? '^' : ''}="${this.#name}"]`;
    this.#item = page.locator(this.#selector).first();
  }

  /** Undefined while the item is hidden. */
  state(): Promise<StatusItemState | undefined> {
    return readPage(this.#page, 'statusItem', this.#selector);
  }

  waitFor(text: TextMatch, timeoutMs?: number): Promise<StatusItemState> {
    return waitUntil(
      this.#page,
      `the status bar item ${this.#name} to read ${String(text)}`,
      async () => {
        const state = await this.state();
        return state !== undefined && matches(text, state.text) ? state : undefined;
      },
      { actual: () => this.state(), ...(timeoutMs === undefined ? {} : { timeoutMs }) },
    );
  }

  async waitUntilGone(): Promise<void> {
    await waitUntil(
      this.#page,
      `the status bar item ${this.#name} to disappear`,
      async () => ((await this.state()) === undefined ? true : undefined),
      { actual: () => this.state() },
    );
  }

  async click(): Promise<void> {
    await this.#item.locator('.statusbar-item-label').click();
  }

  /** Hovers over the item and reads its tooltip, which stays open until the mouse moves away. */
  async tooltip(): Promise<TooltipState> {
    const hover = await this.#openTooltip();
    return {
      text: (await hover.innerText()).replaceAll('\u00a0', ' ').trim(),
      links: await hover.locator('a').allInnerTexts(),
    };
  }

  async clickTooltipLink(text: string): Promise<void> {
    const hover = await this.#openTooltip();
    await hover
      .locator('a')
      .getByText(text, { exact: true })
      .or(hover.getByRole('link', { name: text }))
      .first()
      .click();
  }

  /** The item, e.g. to measure it for a screenshot. */
  get locator(): Locator {
    return this.#item;
  }

  async #openTooltip(): Promise<Locator> {
    const hover = this.#page.locator('.workbench-hover .hover-contents');
    if (!(await hover.first().isVisible())) {
      // Moves the mouse away first, because a mouse that is already there triggers no event.
      await this.#page.mouse.move(600, 300);
      await this.#item.hover();
    }
    await waitForVisible(this.#page, `the tooltip of ${this.#name}`, hover);
    return hover.first();
  }
}
