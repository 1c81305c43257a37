import { commands as vscodeCommands, env, type LogOutputChannel } from 'vscode';
import { defaultShell } from '../../core/codegen/index.ts';
import type { CheckedProfile } from '../../core/profiles/index.ts';
import { addProfile } from '../commands/add-profile.ts';
import { copyAccessToken, copyAsCurl, copyAuthorizationHeader } from '../commands/copy-token.ts';
import { detectCipherSettings } from '../commands/detect-cipher.ts';
import { explainLastExchange } from '../commands/explain-exchange.ts';
import { forgetEverything } from '../commands/forget.ts';
import { inspectToken } from '../commands/inspect-token.ts';
import { decryptPayload, encryptPayload } from '../commands/payload.ts';
import { refresh } from '../commands/refresh.ts';
import { reportIssue } from '../commands/report-issue.ts';
import { signIn } from '../commands/sign-in.ts';
import { removeProfile, signOut, signOutAll } from '../commands/sign-out.ts';
import { startSandbox } from '../commands/start-sandbox.ts';
import { switchProfile } from '../commands/switch-profile.ts';
import { resolveProfile } from '../commands/run-command.ts';
import type { App, Disposable } from '../model/app.ts';
import { commands, type CommandName } from '../model/ids.ts';

/** No handler returns a value: any extension can run a command, and a token must not reach it. */
export function registerCommands(app: App, channel: LogOutputChannel): Disposable[] {
  const forProfile =
    (run: (app: App, profile: CheckedProfile) => Promise<unknown>) =>
    async (id?: unknown): Promise<void> => {
      const profile = resolveProfile(app, id);
      if (profile !== undefined) await run(app, profile);
      else if (typeof id === 'string') await app.ui.ask(app.t('There is no profile "{0}".', id));
      else await addProfile(app);
    };
  const handlers: Readonly<Record<CommandName, (argument?: unknown) => Promise<void>>> = {
    addProfile: () => addProfile(app),
    signIn: forProfile(signIn),
    signOut: forProfile(signOut),
    signOutAll: () => signOutAll(app),
    removeProfile: forProfile(removeProfile),
    forgetEverything: () => forgetEverything(app),
    refresh: forProfile(refresh),
    copyAccessToken: forProfile(copyAccessToken),
    copyAuthorizationHeader: forProfile(copyAuthorizationHeader),
    copyAsCurl: forProfile((...target) => copyAsCurl(...target, defaultShell(process.platform, env.shell))),
    inspectToken: forProfile(inspectToken),
    detectCipher: forProfile(detectCipherSettings),
    encryptPayload: forProfile(encryptPayload),
    decryptPayload: forProfile(decryptPayload),
    explainLastExchange: forProfile(explainLastExchange),
    switchProfile: () => switchProfile(app),
    startSandbox: () => startSandbox(app),
    stopSandbox: () => app.sandbox.stop(),
    reportIssue: (id) => reportIssue(app, resolveProfile(app, id)),
    showLog: () => {
      channel.show();
      return Promise.resolve();
    },
  };
  return Object.entries(handlers).map(([name, handler]) =>
    vscodeCommands.registerCommand(commands[name as CommandName], (argument?: unknown) => handler(argument)),
  );
}
