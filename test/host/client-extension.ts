/**
 * A client of the authentication provider, as another extension would be: it requests sessions with any options, lists the
 * accounts, and counts the changes. The host tests load it next to the extension; the e2e tests install it.
 */
import {
  authentication,
  commands,
  ConfigurationTarget,
  env,
  window,
  workspace,
  type AuthenticationGetSessionOptions,
  type AuthenticationSession,
  type AuthenticationSessionAccountInformation,
  type ExtensionContext,
} from 'vscode';

const provider = 'partner-auth';

export interface Client {
  getSession(
    scopes: readonly string[],
    options?: AuthenticationGetSessionOptions,
  ): Promise<AuthenticationSession | undefined>;
  getAccounts(): Promise<readonly AuthenticationSessionAccountInformation[]>;
  /** The number of changes that VS Code has reported. */
  changes(): number;
}

export function activate({ subscriptions }: ExtensionContext): Client {
  let changes = 0;
  const client: Client = {
    getSession: async (scopes, options) => authentication.getSession(provider, scopes, options),
    getAccounts: async () => authentication.getAccounts(provider),
    changes: () => changes,
  };
  subscriptions.push(
    authentication.onDidChangeSessions((event) => {
      if (event.provider.id === provider) changes += 1;
    }),
    commands.registerCommand('client.getSession', () => getSession(client)),
    commands.registerCommand('client.setProfiles', setProfiles),
  );
  return client;
}

interface Request {
  readonly scopes: readonly string[];
  readonly options?: AuthenticationGetSessionOptions;
  /** The label of the account to request. */
  readonly account?: string;
}

/** Asks for a request as JSON. Copies the token, and shows the account. */
async function getSession(client: Client): Promise<void> {
  const text = await window.showInputBox({ prompt: 'Request', ignoreFocusOut: true });
  if (text === undefined) return;
  try {
    const { scopes, options, account: label } = JSON.parse(text) as Request;
    const account = (await client.getAccounts()).find((candidate) => candidate.label === label);
    const session = await client.getSession(scopes, { ...options, ...(account !== undefined && { account }) });
    if (session === undefined) {
      void window.showInformationMessage('received nothing');
      return;
    }
    await env.clipboard.writeText(session.accessToken);
    void window.showInformationMessage(`received ${session.account.label}, changes: ${client.changes()}`);
  } catch (error) {
    void window.showErrorMessage(`rejected: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Asks for profiles as JSON, and saves them in the user's settings. */
async function setProfiles(): Promise<void> {
  const text = await window.showInputBox({ prompt: 'Profiles', ignoreFocusOut: true });
  if (text === undefined) return;
  const settings = workspace.getConfiguration('partnerAuth');
  await settings.update('profiles', JSON.parse(text), ConfigurationTarget.Global);
}
