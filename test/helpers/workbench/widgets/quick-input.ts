import type { Locator, Page } from 'playwright-core';
import { readPage } from '../page-readers.ts';
import { matches, type TextMatch, waitUntil } from '../wait-until.ts';

export interface QuickPickRow {
  /** With icons as `$(name)`. */
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly focused: boolean;
}

export interface QuickInputState {
  readonly title: string;
  /** Undefined if the title has no step such as "(1/3)". */
  readonly step: { readonly current: number; readonly total: number } | undefined;
  readonly value: string;
  readonly placeholder: string;
  readonly masked: boolean;
  /** The prompt of an input box, or its validation message. */
  readonly message: string;
  readonly severity: 'none' | 'info' | 'warning' | 'error';
  /** Accessible names of the buttons. */
  readonly buttons: readonly string[];
  /** The visible rows only; type to filter a long list. */
  readonly rows: readonly QuickPickRow[];
}

export interface QuickInputMatch {
  readonly title?: TextMatch;
  readonly step?: number;
  readonly message?: TextMatch;
  readonly masked?: boolean;
  readonly row?: TextMatch;
}

/**
 * The open quick pick or input box. All steps of a wizard share one widget, so wait for the next step by its title, number
 * or message before typing into it.
 */
export class QuickInput {
  readonly #page: Page;
  readonly #widget: Locator;
  readonly #input: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#widget = page.locator('.quick-input-widget');
    this.#input = this.#widget.locator('.quick-input-box input');
  }

  /** Undefined when none is open. */
  async state(): Promise<QuickInputState | undefined> {
    type Read = Omit<QuickInputState, 'title' | 'step'> & { readonly heading: string };
    const read = await readPage<Read | undefined>(this.#page, 'quickInput');
    if (read === undefined) return undefined;
    const { heading, ...state } = read;
    const [, title = '', current, total] = /^(?:(.*) )?\((\d+)\/(\d+)\)$/.exec(heading) ?? [undefined, heading];
    const step = current === undefined ? undefined : { current: Number(current), total: Number(total) };
    return { title, step, ...state };
  }

  /** Waits until a matching quick input is open. */
  waitFor(match: QuickInputMatch = {}): Promise<QuickInputState> {
    return waitUntil(
      this.#page,
      `a quick input ${describe(match)}`,
      async () => {
        const state = await this.state();
        if (state === undefined) return undefined;
        if (match.title !== undefined && !matches(match.title, state.title)) return undefined;
        if (match.step !== undefined && match.step !== state.step?.current) return undefined;
        if (match.masked !== undefined && match.masked !== state.masked) return undefined;
        if (match.message !== undefined && !matches(match.message, state.message)) return undefined;
        const { row } = match;
        if (row !== undefined && !state.rows.some(({ label }) => matches(row, label))) return undefined;
        return state;
      },
      { actual: () => this.state() },
    );
  }

  async waitUntilClosed(): Promise<void> {
    await waitUntil(this.#page, 'the quick input to close', async () => ((await this.state()) ? undefined : true), {
      actual: () => this.state(),
    });
  }

  /** Replaces the current value. */
  async type(text: string): Promise<void> {
    await this.#input.fill(text);
  }

  async accept(): Promise<void> {
    await this.#input.press('Enter');
  }

  /** Selects the row whose label matches. */
  async pick(label: TextMatch): Promise<void> {
    const probe = this.#settledRowsProbe();
    const index = await waitUntil(
      this.#page,
      `a quick pick row ${String(label)}`,
      async () => {
        const found = (await probe())?.findIndex((row) => matches(label, row.label)) ?? -1;
        return found >= 0 ? found : undefined;
      },
      { actual: () => this.state() },
    );
    await this.#widget.locator('.quick-input-list .monaco-list-row:visible').nth(index).click();
  }

  /** Waits until the list no longer changes, and resolves its rows. */
  settledRows(): Promise<readonly QuickPickRow[]> {
    return waitUntil(this.#page, 'a list that no longer changes', this.#settledRowsProbe(), {
      actual: () => this.state(),
    });
  }

  // While a list is being filtered, a click could hit another row.
  #settledRowsProbe(): () => Promise<readonly QuickPickRow[] | undefined> {
    let last = '';
    let unchanged = 0;
    return async () => {
      const rows = (await this.state())?.rows ?? [];
      const now = JSON.stringify(rows.map((row) => row.label));
      unchanged = now === last ? unchanged + 1 : 0;
      last = now;
      return rows.length > 0 && unchanged >= 2 ? rows : undefined;
    };
  }

  /** Clicks a button of the title bar or the input by its accessible name. */
  async press(button: TextMatch): Promise<void> {
    const index = await waitUntil(
      this.#page,
      `a button ${String(button)} in the quick input`,
      async () => {
        const found = (await this.state())?.buttons.findIndex((name) => matches(button, name)) ?? -1;
        return found < 0 ? undefined : found;
      },
      { actual: () => this.state() },
    );
    await this.#buttons().nth(index).click();
  }

  /** Goes back one step in a wizard. */
  async back(): Promise<void> {
    await this.#widget.locator('.codicon-quick-input-back').click();
  }

  async cancel(): Promise<void> {
    await this.#page.keyboard.press('Escape');
  }

  #buttons(): Locator {
    const bars = ['.quick-input-titlebar', '.quick-input-inline-action-bar'];
    return this.#widget.locator(bars.map((bar) => `${bar} .action-label:visible`).join(', '));
  }
}

function describe(match: QuickInputMatch): string {
  const parts = Object.entries(match).map(([name, value]) => `${name} ${String(value)}`);
  return parts.length === 0 ? 'to open' : `with ${parts.join(', ')}`;
}
