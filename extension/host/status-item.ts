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

export function statusItem(name: string): StatusItem {
  const item = window.createStatusBarItem('status', StatusBarAlignment.Left, 50);
  item.name = name;
  let shown = '';
  return {
    show(view, tooltip) {
      // Setting what is set already would make screen readers and the tooltip start anew.
      const next = JSON.stringify([view, tooltip]);
      if (next === shown) return;
      shown = next;
      item.text = view.text;
      item.command = view.command;
      item.backgroundColor = backgrounds[view.severity];
      item.accessibilityInformation = { label: view.accessibilityLabel, role: 'button' };
      item.tooltip = tooltip === undefined ? undefined : markdown(tooltip);
      item.show();
    },
    dispose: () => item.dispose(),
  };
}

function markdown(text: string): MarkdownString {
  const tooltip = new MarkdownString(text, true);
  tooltip.isTrusted = { enabledCommands: tooltipCommands };
  return tooltip;
}

/** A moment in the user's language and time zone. */
export function formatTime(epochMs: number): string {
  return new Date(epochMs).toLocaleString(env.language, { dateStyle: 'medium', timeStyle: 'short' });
}
