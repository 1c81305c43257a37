import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { l10n, window, type ExtensionContext } from 'vscode';
import { openProfileStore, SessionPool, storedProfiles } from '../core/profiles/index.ts';
import { terminalHost } from './commands/serve-terminals.ts';
import { registerAuthentication } from './host/authentication.ts';
import { systemClipboard } from './host/clipboard.ts';
import { issueReporter } from './host/issues.ts';
import { keyringCheck } from './host/keyring.ts';
import { profileSettings } from './host/profile-settings.ts';
import { registerCommands } from './host/register-commands.ts';
import { watchRemovedProfiles } from './host/removed-profiles.ts';
import { sandboxHost } from './host/sandbox.ts';
import { secretStorageStore } from './host/secret-storage.ts';
import { onDidChangeSettings, readSettings } from './host/settings.ts';
import { reportProblems } from './host/settings-problems.ts';
import { statusController } from './host/status-controller.ts';
import { formatTime, statusItem } from './host/status-item.ts';
import { terminalAccess, type TerminalAccess } from './host/terminals.ts';
import { tokenDocuments } from './host/token-documents.ts';
import { createUi } from './host/ui.ts';
import { askForWorkspaceProfile } from './host/workspace-profile.ts';
import type { App } from './model/app.ts';
import { SignInDrafts } from './model/sign-in-drafts.ts';

let sessions: SessionPool | undefined;
let terminals: TerminalAccess | undefined;

/** Wires up the extension. Reads no secret and calls no partner, unless the token that is shown has expired. */
export async function activate(context: ExtensionContext): Promise<void> {
  const { secrets, globalState, workspaceState, globalStorageUri, subscriptions } = context;
  const t = l10n.t;
  const settings = readSettings(context.extension);
  const { autoRefresh, refreshMargin, clearAfter, compact, alignment } = settings;
  const log = window.createOutputChannel(t('Partner Auth'), { log: true });
  const profiles = profileSettings(workspaceState);
  const documents = tokenDocuments();
  const item = statusItem(t('Partner Auth'), alignment);
  const sandbox = sandboxHost(log, t, () => status.update());
  const folder = join(globalStorageUri.fsPath, 'sessions');
  const secretStore = secretStorageStore(secrets);
  const keyring = keyringCheck(secrets, globalState);
  sessions = new SessionPool({
    openStore: (profile) =>
      openProfileStore(profile, { secrets: secretStore, folder, log, secretsAreVolatile: keyring.isVolatile }),
    readFile: (path) => readFile(path),
    log,
    autoRefresh,
    refreshMargin,
    globalAgent: true,
  });
  const app: App = {
    t,
    log,
    now: Date.now,
    formatTime,
    sessions,
    profiles,
    stored: storedProfiles({ secrets: secretStore, folder }),
    sandbox,
    ui: createUi(t, documents.show, (id, isRunning) => status.showSigningIn(id, isRunning)),
    drafts: new SignInDrafts(),
    clipboard: systemClipboard(clearAfter, subscriptions),
    issues: issueReporter(context.extension, settings),
  };
  terminals = terminalAccess(context, terminalHost(app), settings.terminal, t);
  const status = statusController({ app, profiles, item, autoRefresh, compact, sandboxRunning: sandbox.isRunning });
  subscriptions.push(
    log,
    profiles,
    documents,
    item,
    status,
    registerAuthentication(app, profiles, t('Partner Auth')),
    ...registerCommands(app, log),
    watchRemovedProfiles(app, profiles),
    reportProblems(profiles, log, t),
    askForWorkspaceProfile(profiles, app.ui, log, t),
    onDidChangeSettings(() => {
      app.sessions.applySettings();
      status.tick();
      void terminals?.apply();
    }),
    { dispose: () => void sandbox.stop() },
  );
  await Promise.all(profiles.list().map((profile) => app.sessions.load(profile)));
  status.tick();
  // Not awaited: two round trips to secret storage must not delay activation.
  void keyring.run(app, () => status.update());
  void terminals.apply();
}

/** Waits for refreshes in flight, because their new tokens would be lost otherwise. */
export async function deactivate(): Promise<void> {
  await terminals?.stop();
  await sessions?.close();
}
