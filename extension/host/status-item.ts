import { env, MarkdownString, StatusBarAlignment, ThemeColor, window } from 'vscode';
import type { Disposable } from '../model/app.ts';
import type { StatusView } from '../view/status-view.ts';
import { tooltipCommands } from '../view/tooltip.ts';

const backgrounds = {
  normal: undefined,
  warning: new ThemeColor('statusBarItem.warningBackground'),
  error: new ThemeColor('statusBarItem.errorBackground'),
};

export interface StatusItem extends Disposable {
  show(view: StatusView, tooltip: string | undefined): void;
}

export function statusItem(name: string, alignment: () => 'left' | 'right'): StatusItem {
  let side = alignment();
  let item = createItem();
  let current = '';

  // VS Code cannot move an item: even a new one stays on the side on which the first one with its id was.
  function createItem() {
    const created =
      side === 'left'
        ? window.createStatusBarItem('status', StatusBarAlignment.Left, 50)
        : window.createStatusBarItem('status.right', StatusBarAlignment.Right, 50);
    created.name = name;
    return created;
  }

  return {
    show(view, tooltip) {
      // Setting the same value again would restart the screen reader and the tooltip.
      const next = JSON.stringify([view, tooltip, alignment()]);
      if (next === current) return;
      current = next;
      if (side !== alignment()) {
        side = alignment();
        item.dispose();
        item = createItem();
      }
      item.text = view.text;
      item.command = view.command;
      item.backgroundColor = backgrounds[view.severity];
      item.accessibilityInformation = { label: view.accessibilityLabel, role: 'button' };
      item.tooltip = tooltip === undefined ? undefined : toMarkdown(tooltip);
      item.show();
    },
    dispose: () => item.dispose(),
  };
}

function toMarkdown(text: string): MarkdownString {
  const tooltip = new MarkdownString(text, true);
  tooltip.isTrusted = { enabledCommands: tooltipCommands };
  return tooltip;
}

/** Formats a time in the user's language and time zone. */
export function formatTime(epochMs: number): string {
  return new Date(epochMs).toLocaleString(env.language, { dateStyle: 'medium', timeStyle: 'short' });
}
