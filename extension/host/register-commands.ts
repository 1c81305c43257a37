import { commands as vscodeCommands, env, type LogOutputChannel } from 'vscode';
import { defaultShell } from '../../core/codegen/index.ts';
import type { CheckedProfile } from '../../core/profiles/index.ts';
import { addProfile } from '../commands/add-profile.ts';
import { copyAccessToken, copyAsCurl, copyAuthorizationHeader } from '../commands/copy-token.ts';
import { detectCipherSettings } from '../commands/detect-cipher.ts';
import { editProfile } from '../commands/edit-profile.ts';
import { explainLastExchange } from '../commands/explain-exchange.ts';
import { forgetEverything } from '../commands/forget.ts';
import { inspectToken } from '../commands/inspect-token.ts';
import { decryptPayload, encryptPayload } from '../commands/payload.ts';
import { refresh } from '../commands/refresh.ts';
import { reportIssue } from '../commands/report-issue.ts';
import { signIn, signInOtherAccount } from '../commands/sign-in.ts';
import { signInWithRefreshToken } from '../commands/sign-in-with-refresh-token.ts';
import { removeProfile, signOut, signOutAll } from '../commands/sign-out.ts';
import { startSandbox } from '../commands/start-sandbox.ts';
import { switchProfile } from '../commands/switch-profile.ts';
import { forProfile, resolveProfile } from '../commands/run-command.ts';
import type { App, Disposable } from '../model/app.ts';
import { commands, type CommandName } from '../model/ids.ts';

/** No handler returns a value: any extension can run a command, and a token must not reach it. */
export function registerCommands(app: App, channel: LogOutputChannel): Disposable[] {
  const ofProfile =
    (run: (app: App, profile: CheckedProfile) => Promise<unknown>) =>
    (id?: unknown): Promise<void> =>
      forProfile(app, id, run, addProfile);
  const handlers: Readonly<Record<CommandName, (argument?: unknown) => Promise<void>>> = {
    addProfile: () => addProfile(app),
    editProfile: ofProfile(editProfile),
    signIn: ofProfile(signIn),
    signInOtherAccount: ofProfile(signInOtherAccount),
    signInWithRefreshToken: ofProfile(signInWithRefreshToken),
    signOut: ofProfile(signOut),
    signOutAll: () => signOutAll(app),
    removeProfile: ofProfile(removeProfile),
    forgetEverything: () => forgetEverything(app),
    refresh: ofProfile(refresh),
    copyAccessToken: ofProfile(copyAccessToken),
    copyAuthorizationHeader: ofProfile(copyAuthorizationHeader),
    copyAsCurl: ofProfile((...target) => copyAsCurl(...target, defaultShell(process.platform, env.shell))),
    inspectToken: ofProfile(inspectToken),
    detectCipher: ofProfile(detectCipherSettings),
    encryptPayload: ofProfile(encryptPayload),
    decryptPayload: ofProfile(decryptPayload),
    explainLastExchange: ofProfile(explainLastExchange),
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
