import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../vscode/browser.ts';
import { installExtension, type RunningServer, startServer } from '../vscode/server.ts';
import { writeLanguagePack } from './language-pack.ts';

/**
 * A VS Code server and a browser for it, which workbenches use one after another: each of them writes its own settings and
 * keeps state and secrets in a browser context of its own.
 */
export interface Editor extends AsyncDisposable {
  /** Settings, state and logs: VS Code's `--user-data-dir`. */
  readonly userDataDir: string;
  readonly server: RunningServer;
  readonly browser: Browser;
  /** Installs a packed extension for the windows that are opened from then on, unless it is installed. */
  install(vsix: string): Promise<void>;
}

export interface EditorOptions {
  /** The packed extensions to install. */
  readonly vsix: readonly string[];
  /** Display language of extensions, e.g. `vi`. VS Code itself stays English. */
  readonly locale?: string | undefined;
}

export async function startEditor({ vsix, locale }: EditorOptions): Promise<Editor> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'editor-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const userDataDir = join(folder, 'data');
  const serverOptions = {
    userDataDir,
    extensionsDir: join(folder, 'extensions'),
    args: locale === undefined ? [] : [`--locale=${locale}`],
  };
  const installed = new Set<string>();
  const install = async (file: string): Promise<void> => {
    if (installed.has(file)) return;
    await installExtension(serverOptions, file);
    installed.add(file);
  };
  for (const file of vsix) await install(file);
  if (locale !== undefined) await writeLanguagePack(userDataDir, locale);
  const server = cleanup.use(await startServer(serverOptions));
  const browser = await launchBrowser();
  cleanup.defer(() => browser.close());
  const owned = cleanup.move();
  return { userDataDir, server, browser, install, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
