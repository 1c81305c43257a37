import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import type { WorkbenchWindow } from './window.ts';

/** What VS Code shows above the editors: prompts, notifications, menus, hovers. */
const overlays = '.quick-input-widget, .notification-toast, .notifications-center, .context-view, .monaco-hover';

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Asserts that a person sees the whole element, which may be inside of a webview: it is in the window and nothing covers it. */
export async function assertUncovered(window: WorkbenchWindow, what: string, element: Locator): Promise<Box> {
  const box = await element.boundingBox();
  const size = window.page.viewportSize();
  assert.ok(box !== null && size !== null, `${what} is not shown`);
  const seen = JSON.stringify({ box, size });
  assert.ok(box.width > 0 && box.height > 0, `${what} is empty: ${seen}`);
  assert.ok(
    box.x >= 0 && box.y >= 0 && box.x + box.width <= size.width && box.y + box.height <= size.height,
    `${what} is outside of the window: ${seen}`,
  );
  for (const overlay of await window.page.locator(overlays).all()) {
    const other = (await overlay.isVisible()) ? await overlay.boundingBox() : null;
    if (other === null) continue;
    const isApart =
      box.x + box.width <= other.x ||
      other.x + other.width <= box.x ||
      box.y + box.height <= other.y ||
      other.y + other.height <= box.y;
    assert.ok(
      isApart,
      `${what} is covered: ${seen} by ${JSON.stringify(other)} ${await overlay.getAttribute('class')}`,
    );
  }
  return box;
}
