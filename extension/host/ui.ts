import { randomUUID } from 'node:crypto';
import { commands as vscodeCommands, env, ProgressLocation, Uri, ViewColumn, window, type QuickPickItem } from 'vscode';
import type { Disposable, Ui } from '../model/app.ts';
import { commands } from '../model/ids.ts';
import type { Translate } from '../model/translate.ts';
import type { Action } from '../model/messages.ts';
import { imagePage } from '../view/image-page.ts';
import { withoutLinks } from '../view/markdown.ts';
import { showStep } from './prompts.ts';

const storageHelp = 'https://code.visualstudio.com/docs/configure/settings-sync#_troubleshooting-keychain-issues';
const statusMessageDuration = 6_000;
/** In characters: what certainly fits. */
const lineLength = 50;
/** In ms. */
const progressDelay = 500;

/**
 * Implements the UI port with VS Code's notifications, pickers and status bar. `showSigningIn` is called when a sign-in to a
 * profile begins and ends.
 */
export function createUi(
  t: Translate,
  showDocument: Ui['showDocument'],
  showSigningIn: (profileId: string, isRunning: boolean) => void,
): Ui {
  let statusMessage: Disposable | undefined;
  /** VS Code truncates a message without buttons to one line. */
  const buttonsFor = (message: string, buttons: readonly string[]): readonly string[] =>
    buttons.length === 0 && message.length > lineLength ? [t('Close')] : buttons;
  const ui: Ui = {
    showStep,
    showDocument,
    editorText() {
      const { document, selection } = window.activeTextEditor ?? {};
      // A log is an editor too, but not a document of the user's.
      if (document === undefined || selection === undefined || document.uri.scheme === 'output') return undefined;
      return {
        selection: selection.isEmpty ? undefined : document.getText(selection),
        document: document.getText(),
      };
    },
    async pick<T>(placeholder: string, items: Parameters<Ui['pick']>[1]) {
      const chosen = await window.showQuickPick(items as readonly (QuickPickItem & { readonly value: T })[], {
        placeHolder: placeholder,
        matchOnDetail: true,
        // A click elsewhere must not discard what led to this list.
        ignoreFocusOut: true,
      });
      return chosen?.value;
    },
    async ask(message, ...buttons) {
      return window.showInformationMessage(withoutLinks(message), ...buttonsFor(message, buttons));
    },
    async confirm(question, detail, ...buttons) {
      return window.showWarningMessage(question, { modal: true, detail }, ...buttons);
    },
    async report(notification, profileId) {
      statusMessage?.dispose();
      const { message, actions } = notification;
      const titles = actions.map(({ title }) => title);
      let chosen: string | undefined;
      try {
        chosen = await window.showErrorMessage(message, { modal: true }, ...titles);
      } catch {
        // VS Code refuses dialogs while the tests of an extension run.
        return ui.notify(notification, 'error', profileId);
      }
      const action = actions.find(({ title }) => title === chosen);
      if (action !== undefined) await runAction(action, profileId);
    },
    async notify({ message: text, actions }, severity, profileId) {
      // It is about something before, such as a sign-in that was successful.
      if (severity !== 'info') statusMessage?.dispose();
      const message = withoutLinks(text);
      const titles = actions.map(({ title }) => title);
      const buttons = buttonsFor(message, titles);
      const show = {
        info: () => window.showInformationMessage(message, ...buttons),
        warning: () => window.showWarningMessage(message, ...buttons),
        error: () => window.showErrorMessage(message, ...buttons),
      };
      const chosen = await show[severity]();
      const action = actions.find(({ title }) => title === chosen);
      if (action !== undefined) await runAction(action, profileId);
    },
    showStatusMessage(message) {
      statusMessage?.dispose();
      statusMessage = window.setStatusBarMessage(message, statusMessageDuration);
    },
    withProgress,
    async withSignInProgress<T>(title: string, profileId: string, work: (signal: AbortSignal) => Promise<T>) {
      showSigningIn(profileId, true);
      try {
        return await withProgress(title, work);
      } finally {
        showSigningIn(profileId, false);
      }
    },
    showImage(image) {
      const panel = window.createWebviewPanel(
        'partnerAuth.picture',
        image.title,
        { viewColumn: ViewColumn.Active, preserveFocus: true },
        {},
      );
      panel.webview.html = imagePage(image, randomUUID());
      return () => {
        panel.dispose();
      };
    },
  };
  return ui;
}

/**
 * Shows progress only if the work takes a while: most responses arrive sooner, and VS Code shows at most three messages that
 * begin within 800 ms, so that one that flashes could hide one that matters.
 */
async function withProgress<T>(title: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const running = work(controller.signal);
  const ended = running.then(
    () => true,
    () => true,
  );
  const timer = Promise.withResolvers<boolean>();
  const timeout = setTimeout(() => timer.resolve(false), progressDelay);
  const isQuick = await Promise.race([ended, timer.promise]);
  clearTimeout(timeout);
  if (!isQuick) {
    const options = { location: ProgressLocation.Notification, title: withoutLinks(title), cancellable: true };
    await window.withProgress(options, (_progress, token) => {
      token.onCancellationRequested(() => controller.abort());
      return ended;
    });
  }
  return running;
}

async function runAction({ command: what }: Action, profileId: string | undefined): Promise<void> {
  if (typeof what === 'function') return what();
  switch (what) {
    case 'openSettings':
      await vscodeCommands.executeCommand('workbench.action.openSettings', '@ext:partner-auth.partner-auth');
      return;
    case 'openExtension':
      await vscodeCommands.executeCommand('extension.open', 'partner-auth.partner-auth');
      return;
    case 'reloadWindow':
      await vscodeCommands.executeCommand('workbench.action.reloadWindow');
      return;
    case 'storageHelp':
      await env.openExternal(Uri.parse(storageHelp));
      return;
    default:
      await vscodeCommands.executeCommand(commands[what], profileId);
  }
}
