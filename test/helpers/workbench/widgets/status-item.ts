import type { Locator, Page } from 'playwright-core';
import { readPage } from '../page-readers.ts';
import { matches, shown, type TextMatch, until } from '../until.ts';

export interface StatusItemState {
  /** With icons as `$(name)`. */
  readonly text: string;
  /** What a screen reader says. */
  readonly label: string;
  readonly kind: 'default' | 'warning' | 'error';
}

export interface TooltipState {
  readonly text: string;
  readonly links: readonly string[];
}

/** The status bar item of an extension; `item` is the id given to createStatusBarItem, for one of several. */
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

  /** Undefined while it is not shown. */
  state(): Promise<StatusItemState | undefined> {
    return readPage(this.#page, 'statusItem', this.#selector);
  }

  waitFor(text: TextMatch, timeoutMs?: number): Promise<StatusItemState> {
    return until(
      this.#page,
      `the status bar item ${this.#name} to read ${String(text)}`,
      async () => {
        const state = await this.state();
        return state !== undefined && matches(text, state.text) ? state : undefined;
      },
      { seen: () => this.state(), ...(timeoutMs === undefined ? {} : { timeoutMs }) },
    );
  }

  async waitUntilGone(): Promise<void> {
    await until(
      this.#page,
      `the status bar item ${this.#name} to go`,
      async () => ((await this.state()) === undefined ? true : undefined),
      { seen: () => this.state() },
    );
  }

  async click(): Promise<void> {
    await this.#item.locator('.statusbar-item-label').click();
  }

  /** Points at the item and reads what pops up; it stays until the mouse goes elsewhere. */
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

  /** The item and its open tooltip, e.g. for a picture. */
  get locator(): Locator {
    return this.#item;
  }

  async #openTooltip(): Promise<Locator> {
    const hover = this.#page.locator('.workbench-hover .hover-contents');
    if (!(await hover.first().isVisible())) {
      // From elsewhere, because a mouse that already rests there sends no event.
      await this.#page.mouse.move(600, 300);
      await this.#item.hover();
    }
    await shown(this.#page, `the tooltip of ${this.#name}`, hover);
    return hover.first();
  }
}
