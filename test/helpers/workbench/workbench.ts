import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BrowserContext } from 'playwright-core';
import { readUserSettings, type Settings, writeUserSettings } from '../vscode/user-settings.ts';
import type { Editor } from './editor.ts';
import { installPageReaders } from './page-readers.ts';
import { WorkbenchWindow } from './window.ts';

const themes = {
  dark: 'Dark Modern',
  light: 'Light Modern',
  'high-contrast': 'Default High Contrast',
  'high-contrast-light': 'Default High Contrast Light',
} as const;

export interface WorkbenchOptions {
  /** `publisher.name`; a window counts as ready when this extension shows its status bar item. */
  readonly extensionId?: string;
  /** User settings, written before the first window opens. */
  readonly settings?: Settings;
  readonly theme?: keyof typeof themes;
  /** False simulates a machine that loses secrets on reload. Default: true. */
  readonly keyring?: boolean;
  readonly size?: { readonly width: number; readonly height: number };
  /** Device pixels per CSS pixel; 2 for sharp screenshots. Default: 1. */
  readonly pixelRatio?: number;
}

/** Windows of one editor with their own settings, state and secrets. An editor has one workbench at a time. */
export class Workbench {
  readonly editor: Editor;
  readonly context: BrowserContext;
  /** The folders that windows open. */
  readonly #folder: string;
  readonly #extensionId: string | undefined;

  private constructor(editor: Editor, context: BrowserContext, folder: string, extensionId: string | undefined) {
    this.editor = editor;
    this.context = context;
    this.#folder = folder;
    this.#extensionId = extensionId;
  }

  static async open(editor: Editor, options: WorkbenchOptions = {}): Promise<Workbench> {
    await using cleanup = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'workbench-'));
    cleanup.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const theme = { 'workbench.colorTheme': themes[options.theme ?? 'dark'] };
    await writeUserSettings(editor.userDataDir, { ...theme, ...options.settings });

    const context = await editor.browser.newContext({
      permissions: ['clipboard-read', 'clipboard-write'],
      viewport: options.size ?? { width: 1280, height: 800 },
      deviceScaleFactor: options.pixelRatio ?? 1,
      reducedMotion: 'reduce',
    });
    cleanup.defer(() => context.close());
    await installPageReaders(context);
    if (options.keyring ?? true) {
      // The page requests the key of its secret storage from the server, and the server from npm has none.
      await context.route('**/mint-key', (route) => route.fulfill({ body: Buffer.alloc(32, 7) }));
    }
    cleanup.move();
    return new Workbench(editor, context, folder, options.extensionId);
  }

  /**
   * Opens a window on a folder with these files, e.g. `{ '.vscode/settings.json': '{ ... }' }` for a workspace with its own
   * settings. The same name opens the same folder.
   */
  async openWindow(name = 'acme', files: Readonly<Record<string, string>> = {}): Promise<WorkbenchWindow> {
    const folder = join(this.#folder, name);
    await mkdir(folder, { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      const file = join(folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    const page = await this.context.newPage();
    const address = new URL(`http://127.0.0.1:${this.editor.server.port}/`);
    address.searchParams.set('folder', folder);
    await page.goto(address.href);
    const window = new WorkbenchWindow(page, this.#extensionId);
    await window.waitUntilReady();
    return window;
  }

  /** A new folder, which is removed with the workbench. */
  temporaryFolder(): Promise<string> {
    return mkdtemp(join(this.#folder, 'temporary-'));
  }

  userSettings(): Promise<Settings> {
    return readUserSettings(this.editor.userDataDir);
  }

  /** Merges settings into settings.json, like an external editor. */
  async changeUserSettings(changes: Settings): Promise<void> {
    await writeUserSettings(this.editor.userDataDir, { ...(await this.userSettings()), ...changes });
  }

  /** The browser storage of the windows (extension state, logs, encrypted secrets), as searchable text. */
  async browserState(): Promise<string> {
    const state = await this.context.storageState({ indexedDB: true });
    // Playwright returns bytes as base64, in which text cannot be found.
    return JSON.stringify(state, (key, value: unknown) =>
      key === 'b' && typeof value === 'string' ? Buffer.from(value, 'base64').toString() : value,
    );
  }

  /** The encrypted content of SecretStorage in the browser; it is unchanged if nothing was written. */
  async storedSecrets(): Promise<string> {
    const { origins } = await this.context.storageState();
    return JSON.stringify(
      origins.flatMap(({ localStorage }) => localStorage.filter(({ name }) => name.includes('secret'))),
    );
  }

  /** Writes a canary to the browser storage, to verify that a search of `browserState()` finds it. */
  async writeBrowserCanary(text: string): Promise<void> {
    const page = this.context.pages()[0];
    if (page === undefined) throw new Error('No window is open.');
    await page.evaluate(`new Promise((resolve, reject) => {
      const opening = indexedDB.open('canary', 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore('canary');
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => {
        const writing = opening.result.transaction('canary', 'readwrite');
        writing.objectStore('canary').put(new TextEncoder().encode(${JSON.stringify(text)}), 'canary');
        writing.oncomplete = () => { opening.result.close(); resolve(); };
      };
    })`);
  }

  /** Closes the windows and empties the clipboard, which all windows of a browser share. */
  async close(): Promise<void> {
    const [first] = this.context.pages();
    await first?.bringToFront();
    await first?.evaluate("navigator.clipboard.writeText('')");
    // Ends the extension hosts, which would otherwise wait for their windows and see the next settings.
    for (const page of this.context.pages()) await page.goto('about:blank');
    await this.context.close();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
