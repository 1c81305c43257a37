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
  /** User settings, written before the first start. */
  readonly settings?: Settings;
  /** Display language of extensions, e.g. `vi`. VS Code itself stays English. */
  readonly locale?: string;
  readonly theme?: keyof typeof themes;
  /** False simulates a machine that loses secrets on reload. Default: true. */
  readonly keyring?: boolean;
  /** Environment of the extension host. */
  readonly env?: Readonly<Record<string, string>>;
  /** Log level of VS Code and of the extension's log channel. Default: `info`. */
  readonly logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'off';
  /** Opens folders in Restricted Mode, like an untrusted repository. Default: false. */
  readonly restrictedMode?: boolean;
  readonly size?: { readonly width: number; readonly height: number };
  /** Device pixels per CSS pixel; 2 for sharp screenshots. Default: 1. */
  readonly pixelRatio?: number;
  /** Shows the browser window, for manual testing. */
  readonly headed?: boolean;
}

/** A VS Code with its own settings, extensions, state and secrets in a temporary folder. */
export class Workbench {
  /** Settings, state and logs: VS Code's `--user-data-dir`. */
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
    await using cleanup = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'workbench-'));
    cleanup.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
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

    const server = cleanup.use(await startServer(serverOptions));
    const browser = await launchBrowser({ headed });
    cleanup.defer(() => browser.close());
    const context = await browser.newContext({
      permissions: ['clipboard-read', 'clipboard-write'],
      viewport: options.size ?? { width: 1280, height: 800 },
      deviceScaleFactor: options.pixelRatio ?? 1,
      reducedMotion: 'reduce',
    });
    await installPageReaders(context);
    if (options.keyring ?? true) {
      // The page requests the key of its secret storage from the server, and the server from npm has none.
      await context.route('**/mint-key', (route) => route.fulfill({ body: Buffer.alloc(32, 7) }));
    }
    cleanup.move();
    return new Workbench(folder, server, browser, context, options);
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
    const address = new URL(`http://127.0.0.1:${this.server.port}/`);
    address.searchParams.set('folder', folder);
    await page.goto(address.href);
    const window = new WorkbenchWindow(page, this.#options.extensionId);
    await window.waitUntilReady();
    return window;
  }

  userSettings(): Promise<Settings> {
    return readUserSettings(this.userDataDir);
  }

  /** Merges settings into settings.json, like an external editor. */
  async changeUserSettings(changes: Settings): Promise<void> {
    await writeUserSettings(this.userDataDir, { ...(await this.userSettings()), ...changes });
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

  async stop(): Promise<void> {
    await this.#browser.close();
    await this.server.stop();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
