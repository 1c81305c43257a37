import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import { launchBrowser } from '../vscode/browser.ts';
import { installExtension, type RunningServer, startServer } from '../vscode/server.ts';
import { readUserSettings, type Settings, writeUserSettings } from '../vscode/user-settings.ts';
import { writeLanguagePack } from './language-pack.ts';
import { installPageReaders } from './page-readers.ts';
import { WorkbenchWindow } from './window.ts';

const themes = {
  dark: 'Dark Modern',
  light: 'Light Modern',
  'high-contrast': 'Default High Contrast',
  'high-contrast-light': 'Default High Contrast Light',
} as const;

export interface WorkbenchOptions {
  /** The packed extensions to install. */
  readonly vsix?: readonly string[];
  /** `publisher.name`; a window counts as ready when this extension shows its status bar item. */
  readonly extensionId?: string;
  /** User settings, there before the first start. */
  readonly settings?: Settings;
  /** Display language for the extension's own strings, e.g. `vi`; those of VS Code stay English. */
  readonly locale?: string;
  readonly theme?: keyof typeof themes;
  /** False for a machine whose secrets are lost on reload; true unless set. */
  readonly keyring?: boolean;
  /** Environment of the extension host. */
  readonly env?: Readonly<Record<string, string>>;
  /** Of VS Code and of the extension's log channel; `info` unless set. */
  readonly logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'off';
  /** Folders are not trusted, as in a repository just cloned from a stranger; trusted unless set. */
  readonly restrictedMode?: boolean;
  readonly size?: { readonly width: number; readonly height: number };
  /** Pixels per point; 2 for pictures that stay sharp. 1 unless set. */
  readonly pixelRatio?: number;
  /** Shows the browser, for trying things by hand. */
  readonly headed?: boolean;
}

/** A VS Code with fresh settings, extensions, state and secrets, all in one temporary folder. */
export class Workbench {
  /** Settings, state and logs, as VS Code's `--user-data-dir`. */
  readonly userDataDir: string;
  readonly context: BrowserContext;
  readonly server: RunningServer;
  readonly #folder: string;
  readonly #browser: Browser;
  readonly #options: WorkbenchOptions;

  private constructor(
    folder: string,
    server: RunningServer,
    browser: Browser,
    context: BrowserContext,
    options: WorkbenchOptions,
  ) {
    this.#folder = folder;
    this.userDataDir = join(folder, 'data');
    this.server = server;
    this.#browser = browser;
    this.context = context;
    this.#options = options;
  }

  static async start(options: WorkbenchOptions = {}): Promise<Workbench> {
    await using undo = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'workbench-'));
    undo.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const userDataDir = join(folder, 'data');
    const { vsix = [], locale, env, logLevel = 'info', restrictedMode = false, headed = false } = options;
    const serverOptions = {
      userDataDir,
      extensionsDir: join(folder, 'extensions'),
      restrictedMode,
      ...(env === undefined ? {} : { env }),
      args: [`--log=${logLevel}`, ...(locale === undefined ? [] : [`--locale=${locale}`])],
    };
    for (const file of vsix) await installExtension(serverOptions, file);
    const theme = { 'workbench.colorTheme': themes[options.theme ?? 'dark'] };
    await writeUserSettings(userDataDir, { ...theme, ...options.settings });
    if (locale !== undefined) await writeLanguagePack(userDataDir, locale);

    const server = undo.use(await startServer(serverOptions));
    const browser = await launchBrowser({ headed });
    undo.defer(() => browser.close());
    const context = await browser.newContext({
      permissions: ['clipboard-read', 'clipboard-write'],
      viewport: options.size ?? { width: 1280, height: 800 },
      deviceScaleFactor: options.pixelRatio ?? 1,
      reducedMotion: 'reduce',
    });
    await installPageReaders(context);
    if (options.keyring ?? true) {
      // The page asks the server for the key of its secret storage; the server from npm has none to give.
      await context.route('**/mint-key', (route) => route.fulfill({ body: Buffer.alloc(32, 7) }));
    }
    undo.move();
    return new Workbench(folder, server, browser, context, options);
  }

  /**
   * Opens a window on a folder with these files, e.g. `{ '.vscode/settings.json': '{ ... }' }` for a workspace that
   * tries to change settings. The same name again opens the same folder.
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
    const address = new URL(`http://127.0.0.1:${this.server.port}/`);
    address.searchParams.set('folder', folder);
    await page.goto(address.href);
    const window = new WorkbenchWindow(page, this.#options.extensionId);
    await window.whenReady();
    return window;
  }

  userSettings(): Promise<Settings> {
    return readUserSettings(this.userDataDir);
  }

  /** Changes some of the settings in the file, as an editor outside would. */
  async changeUserSettings(changes: Settings): Promise<void> {
    await writeUserSettings(this.userDataDir, { ...(await this.userSettings()), ...changes });
  }

  /** What the windows keep in the browser (extension state, logs, encrypted secrets), as text to be searched. */
  async browserState(): Promise<string> {
    const state = await this.context.storageState({ indexedDB: true });
    // Playwright gives bytes as base64, in which a text can not be found.
    return JSON.stringify(state, (key, value: unknown) =>
      key === 'b' && typeof value === 'string' ? Buffer.from(value, 'base64').toString() : value,
    );
  }

  /** What SecretStorage keeps in the browser, encrypted: the same text again means that nothing was written. */
  async storedSecrets(): Promise<string> {
    const { origins } = await this.context.storageState();
    return JSON.stringify(
      origins.flatMap(({ localStorage }) => localStorage.filter(({ name }) => name.includes('secret'))),
    );
  }

  /** Puts a text where the windows keep theirs, so that a search of `browserState()` can be seen to find something. */
  async plantInBrowser(text: string): Promise<void> {
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

  async stop(): Promise<void> {
    await this.#browser.close();
    await this.server.stop();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
