import { commands as vscodeCommands, env, ProgressLocation, Uri, ViewColumn, window, type QuickPickItem } from 'vscode';
import type { Ui } from '../model/app.ts';
import { commands } from '../model/ids.ts';
import type { Action } from '../model/messages.ts';
import { withoutLinks } from '../view/markdown.ts';
import { showStep } from './prompts.ts';

const storageHelp = 'https://code.visualstudio.com/docs/configure/settings-sync#_troubleshooting-keychain-issues';
const statusMessageDuration = 6_000;

/** Implements the UI port with VS Code's notifications, pickers and status bar. */
export function createUi(showDocument: Ui['showDocument']): Ui {
  return {
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
      return window.showInformationMessage(withoutLinks(message), ...buttons);
    },
    async confirm(question, detail, button) {
      return (await window.showWarningMessage(question, { modal: true, detail }, button)) === button;
    },
    async notify({ message: text, actions }, severity, profileId) {
      const message = withoutLinks(text);
      const titles = actions.map(({ title }) => title);
      const show = {
        info: () => window.showInformationMessage(message, ...titles),
        warning: () => window.showWarningMessage(message, ...titles),
        error: () => window.showErrorMessage(message, ...titles),
      };
      const chosen = await show[severity]();
      const action = actions.find(({ title }) => title === chosen);
      if (action !== undefined) await runAction(action, profileId);
    },
    showStatusMessage(message) {
      window.setStatusBarMessage(message, statusMessageDuration);
    },
    async withProgress<T>(title: string, work: (signal: AbortSignal) => Promise<T>) {
      const options = { location: ProgressLocation.Notification, title, cancellable: true };
      return window.withProgress<T>(options, (_progress, token) => {
        const controller = new AbortController();
        token.onCancellationRequested(() => controller.abort());
        return work(controller.signal);
      });
    },
    showImage(title, dataUri) {
      const panel = window.createWebviewPanel(
        'partnerAuth.picture',
        title,
        { viewColumn: ViewColumn.Active, preserveFocus: true },
        {},
      );
      const source = /^data:image\/[\w+.-]+;base64,[\w+/=]+$/.test(dataUri) ? dataUri : '';
      panel.webview.html = `<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:">
        <body style="display:grid;place-items:center;height:90vh"><img alt="" style="min-width:240px;background:#fff" src="${source}"></body>`;
      return () => {
        panel.dispose();
      };
    },
  };
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
