import { commands, env, UIKind, version, type Extension } from 'vscode';
import type { IssueReporter } from '../model/app.ts';
import { settings } from '../model/ids.ts';
import type { SettingsReader } from './settings.ts';

/** VS Code's issue reporter, which adds versions and extensions of its own. */
export function issueReporter({ id, packageJSON }: Extension<unknown>, read: SettingsReader): IssueReporter {
  return {
    environment: () => ({
      version: (packageJSON as { version: string }).version,
      editor: `${env.appName} ${version}${env.uiKind === UIKind.Web ? ' in a browser' : ''}`,
      // In a browser, VS Code names the host instead of the kind of connection.
      remote: /^[a-z-]+$/.exec(env.remoteName ?? 'none')?.[0] ?? 'other',
      system: `${process.platform} ${process.arch}, Node ${process.version}`,
      language: env.language,
    }),
    settings: () => ({
      [settings.autoRefresh]: read.autoRefresh(),
      [settings.refreshMargin]: read.refreshMargin(),
      [settings.clearAfter]: read.clearAfter(),
      [settings.compact]: read.compact(),
      [settings.alignment]: read.alignment(),
    }),
    open: (body) =>
      Promise.resolve(
        commands.executeCommand('workbench.action.openIssueReporter', { extensionId: id, issueBody: body }),
      ).then(
        () => true,
        // Builds of VS Code without an issue tracker, and users who have turned feedback off, have no issue reporter.
        () => false,
      ),
  };
}
