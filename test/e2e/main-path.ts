import assert from 'node:assert/strict';
import type { Sandbox } from '../../core/sandbox/index.ts';
import { countCalls, completeSignIn, statusMessage, statusItem } from '../helpers/workbench/partner-auth.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';

/** UI strings and command titles of the main path, in the display language. */
export interface UiStrings {
  readonly signIn: string;
  readonly signInCommand: string;
  readonly valid: string;
  readonly signedIn: string;
  readonly signedOut: string;
  readonly copyCommand: string;
  readonly copied: RegExp;
  readonly cleared: string;
  readonly refreshed: string;
  readonly signOutCommand: string;
}

export const english: UiStrings = {
  signIn: '$(key) ACME: Sign in',
  signInCommand: 'Partner Auth: Sign In',
  valid: '$(key) ACME 9h',
  signedIn: 'ACME: signed in',
  signedOut: 'ACME: signed out',
  copyCommand: 'Partner Auth: Copy Access Token',
  copied: /^\$\(check\) Access token copied \(9h\)\. The clipboard will be cleared in 2 s\.$/,
  cleared: 'The token was cleared from the clipboard.',
  refreshed: 'ACME: the access token was refreshed.',
  signOutCommand: 'Partner Auth: Sign Out',
};

/**
 * The main path with TCONNECT: sign in from the Command Palette, refresh with a click on the status item, copy the token,
 * reload, sign out. Expects the profile in the settings and a clipboard that is cleared after 2 s.
 */
export async function runMainPath(window: WorkbenchWindow, sandbox: Sandbox, strings: UiStrings): Promise<void> {
  const item = statusItem(window);
  assert.deepEqual(await item.waitFor(strings.signIn), {
    text: strings.signIn,
    label: strings.signedOut,
    kind: 'default',
  });
  assert.equal(sandbox.journal.length, 0, 'nothing is sent before the sign-in');

  await window.runCommand(strings.signInCommand);
  await completeSignIn(window, sandbox);
  assert.deepEqual(await item.waitFor(strings.valid), {
    text: strings.valid,
    label: strings.signedIn,
    kind: 'default',
  });
  assert.equal(countCalls(sandbox, 'login'), 1);

  const first = sandbox.tokens('tconnect')?.accessToken;
  await item.click();
  await statusMessage(window).waitFor(strings.refreshed);
  assert.equal(countCalls(sandbox, 'refresh'), 1, 'one click sends one refresh');
  const second = sandbox.tokens('tconnect')?.accessToken ?? '';
  assert.notEqual(second, first);

  await copyToken(window, strings, second);
  await statusMessage(window).waitFor(strings.cleared);
  assert.equal(await window.readClipboard(), '');

  await window.reload();
  assert.deepEqual(await item.waitFor(strings.valid), {
    text: strings.valid,
    label: strings.signedIn,
    kind: 'default',
  });
  await copyToken(window, strings, second);
  assert.equal(
    countCalls(sandbox, 'login') + countCalls(sandbox, 'refresh'),
    2,
    'the reload sends no login and no refresh',
  );

  await window.runCommand(strings.signOutCommand);
  assert.equal((await item.waitFor(strings.signIn)).label, strings.signedOut);
  assert.equal(
    (await window.matchingCommands(strings.copyCommand)).includes(strings.copyCommand),
    false,
    'the copy command is hidden',
  );
  await window.reload();
  await item.waitFor(strings.signIn);
}

async function copyToken(window: WorkbenchWindow, strings: UiStrings, token: string): Promise<void> {
  await window.writeClipboard('previous content');
  await window.runCommand(strings.copyCommand);
  assert.equal(await window.waitForClipboard(/^eyJ/), token);
  await statusMessage(window).waitFor(strings.copied);
}
