/**
 * A VS Code extension that uses the provider of Partner Auth: VS Code asks the user once whether this extension may use the account,
 * and Partner Auth keeps the token valid. The profiles are those of the setting `partnerAuth.profiles`.
 */
import { authentication, commands, window, workspace, type ExtensionContext } from 'vscode';

interface Profile {
  readonly id: string;
  readonly label: string;
  readonly partner: string;
  readonly baseUrl: string;
}

export function activate({ subscriptions }: ExtensionContext): void {
  subscriptions.push(commands.registerCommand('capacity.show', showCapacity));
}

async function showCapacity(): Promise<void> {
  const profiles = workspace.getConfiguration('partnerAuth').get<readonly Profile[]>('profiles', []);
  const known = profiles.filter(({ partner }) => partner === 'cloudreve');
  const chosen = await window.showQuickPick(known, { placeHolder: 'Profile' });
  if (chosen === undefined) return;
  const session = await authentication.getSession('partner-auth', [chosen.id], { createIfNone: true });
  const response = await fetch(new URL('/api/v4/user/capacity', chosen.baseUrl), {
    headers: { Authorization: `Bearer ${session.accessToken}` },
  });
  await window.showInformationMessage(`${session.account.label}: ${await response.text()}`);
}
