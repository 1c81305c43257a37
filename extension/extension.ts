import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commands, env, l10n, window, workspace, type ExtensionContext } from 'vscode';
import { registerAuthentication } from './host/authentication.ts';
import { follow } from './host/follow.ts';
import { losesSecrets } from './host/keyring.ts';
import { openProfileStore } from './host/profile-store.ts';
import { profileSettings } from './host/profiles.ts';
import { registerCommands } from './host/register-commands.ts';
import { sandboxHost } from './host/sandbox.ts';
import { statusItem } from './host/status-item.ts';
import { tokenDocuments } from './host/token-documents.ts';
import { createUi } from './host/ui.ts';
import { tellProblems } from './host/settings-problems.ts';
import type { App } from './model/app.ts';
import { settings } from './model/ids.ts';
import { Sessions } from './model/sessions.ts';

let sessions: Sessions | undefined;

/** Puts the parts together. Reads no secret and asks no partner. */
export async function activate(context: ExtensionContext): Promise<void> {
  const { secrets, globalState, workspaceState, globalStorageUri, subscriptions } = context;
  const t = l10n.t;
  const setting = <T>(name: string, fallback: T): T => workspace.getConfiguration('partnerAuth').get(name) ?? fallback;
  const autoRefresh = (): boolean => setting(settings.autoRefresh, true);
  const log = window.createOutputChannel(t('Partner Auth'), { log: true });
  const profiles = profileSettings(workspaceState, t);
  const documents = tokenDocuments();
  const item = statusItem(t('Partner Auth'));
  const sandbox = sandboxHost(secrets, log, t, () => following.update());
  let forgetful = false;

  sessions = new Sessions({
    openStore: (profile) =>
      openProfileStore(profile, {
        secrets,
        folder: join(globalStorageUri.fsPath, 'sessions'),
        log,
        losesSecrets: () => forgetful,
      }),
    readFile: (path) => readFile(path, 'utf8'),
    log,
    autoRefresh,
    refreshMargin: () => setting(settings.refreshMargin, 300),
    now: Date.now,
  });
  const app: App = {
    t,
    log,
    now: Date.now,
    sessions,
    profiles,
    sandbox,
    ui: createUi(documents.show),
    clipboard: {
      read: async () => env.clipboard.readText(),
      write: async (text) => env.clipboard.writeText(text),
      clearAfter: () => setting(settings.clearAfter, 60),
      later(seconds, callback) {
        const timer = setTimeout(() => void callback(), seconds * 1000);
        subscriptions.push({ dispose: () => clearTimeout(timer) });
      },
    },
  };
  const following = follow({ app, profiles, item, autoRefresh, sandboxRunning: sandbox.isRunning });
  subscriptions.push(
    log,
    profiles,
    documents,
    item,
    following,
    registerAuthentication(app, t('Partner Auth')),
    ...registerCommands(app, log),
    tellProblems(profiles, log, t),
    { dispose: () => void sandbox.stop() },
  );

  await Promise.all(profiles.list().map((profile) => app.sessions.load(profile)));
  following.update();
  // Two round trips to the secret storage, for which nobody who waits for this extension should have to wait as well.
  learnKeyring().catch(() => log.error('The secret storage of this machine could not be tried out.'));

  async function learnKeyring(): Promise<void> {
    forgetful = await losesSecrets(secrets, globalState);
    if (forgetful) {
      log.warn('This machine forgets secrets when a window closes. Sign-ins last for one window only.');
      for (const profile of profiles.list()) await (await app.sessions.store(profile)).read().catch(() => undefined);
      following.update();
    }
    await commands.executeCommand('setContext', 'partnerAuth.ready', true);
  }
}

/** Waits for refreshes in flight, whose new tokens would be lost otherwise. */
export async function deactivate(): Promise<void> {
  await sessions?.close();
}
