import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { env, ExtensionKind, workspace, type ExtensionContext } from 'vscode';
import { addressVariable, type Broker, type BrokerHost } from '../../core/broker/index.ts';
import type { Translate } from '../model/translate.ts';

export interface TerminalAccess {
  /** Starts or stops as the settings say. Resolves when that is done. */
  apply(): Promise<void>;
  /** Stops for good, when the window closes. Terminals that outlive it keep their environment. */
  stop(): Promise<void>;
}

/**
 * Lets the command line in the terminals of this window use the profiles of the user, while the setting allows it: by a
 * variable in their environment that names a file. The name is the same in each window of the workspace, so that terminals
 * that outlive a window find the next one, and VS Code shows no warning that their environment is out of date.
 */
export function terminalAccess(
  context: Pick<ExtensionContext, 'environmentVariableCollection' | 'extension' | 'globalStorageUri' | 'storageUri'>,
  host: BrokerHost,
  isEnabled: () => boolean,
  t: Translate,
): TerminalAccess {
  const { environmentVariableCollection: variables, extension, globalStorageUri, storageUri } = context;
  const name = createHash('sha256')
    .update(storageUri?.toString() ?? '')
    .digest('hex')
    .slice(0, 16);
  const addressFile = join(globalStorageUri.fsPath, 'terminals', `${name}.json`);
  // The terminals of a remote window run on another machine than an extension of the user interface.
  const isElsewhere = env.remoteName !== undefined && extension.extensionKind === ExtensionKind.UI;
  let broker: Broker | undefined;
  let isStopped = false;
  let work = Promise.resolve();

  async function change(): Promise<void> {
    const isWanted = !isStopped && !isElsewhere && workspace.isTrusted && isEnabled();
    // Also what is left over from a window in which it was allowed.
    if (!isWanted && !isStopped) variables.clear();
    if (isWanted) return start();
    const closing = broker;
    broker = undefined;
    await closing?.close();
    // A window that has lost its connection does not see the setting. Without its file, no program finds it.
    if (!isStopped && !isEnabled()) await rm(dirname(addressFile), { recursive: true, force: true });
  }

  async function start(): Promise<void> {
    if (broker !== undefined) return;
    try {
      const { startBroker } = await import('../../core/broker/index.ts');
      broker = await startBroker(addressFile, host);
      variables.description = t('Lets partner-auth in the terminal use your profiles.');
      variables.replace(addressVariable, addressFile);
    } catch {
      variables.clear();
      host.log.warn('The command line in terminals cannot use the profiles, because its socket could not be created.');
    }
  }

  const apply = (): Promise<void> =>
    (work = work
      .then(change)
      .catch(() => host.log.warn('The socket for the command line in terminals could not be removed.')));
  const trusted = workspace.onDidGrantWorkspaceTrust(() => void apply());
  return {
    apply,
    stop() {
      isStopped = true;
      trusted.dispose();
      return apply();
    },
  };
}
