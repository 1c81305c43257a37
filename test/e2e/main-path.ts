import assert from 'node:assert/strict';
import type { Sandbox } from '../../core/sandbox/index.ts';
import { callsOf, completeSignIn, passingMessage, statusItem } from '../helpers/workbench/partner-auth.ts';
import type { WorkbenchWindow } from '../helpers/workbench/window.ts';

/** What the main path reads and runs, in the display language. */
export interface Words {
  readonly signIn: string;
  readonly signInCommand: string;
  readonly valid: string;
  readonly signedIn: string;
  readonly signedOut: string;
  readonly copyCommand: string;
  readonly copied: RegExp;
  readonly cleared: string;
  readonly fresh: string;
  readonly signOutCommand: string;
}

export const english: Words = {
  signIn: '$(key) ACME: Sign in',
  signInCommand: 'Partner Auth: Sign In',
  valid: '$(key) ACME 9h',
  signedIn: 'ACME: signed in',
  signedOut: 'ACME: signed out',
  copyCommand: 'Partner Auth: Copy Access Token',
  copied: /^\$\(check\) Access token copied \(9h\)\. The clipboard is cleared in 2 s\.$/,
  cleared: 'The token was cleared from the clipboard.',
  fresh: 'ACME: the access token was refreshed.',
  signOutCommand: 'Partner Auth: Sign Out',
};

/**
 * What a developer does with TCONNECT: sign in from the palette, read the status bar, click it for a fresh token, copy the
 * token, come back after a reload, sign out. The profile stands in the settings, and tokens leave the clipboard after 2 s.
 */
export async function mainPath(window: WorkbenchWindow, sandbox: Sandbox, words: Words): Promise<void> {
  const item = statusItem(window);
  assert.deepEqual(await item.waitFor(words.signIn), { text: words.signIn, label: words.signedOut, kind: 'default' });
  assert.equal(sandbox.journal.length, 0, 'nothing is sent before the sign-in');

  await window.runCommand(words.signInCommand);
  await completeSignIn(window, sandbox);
  assert.deepEqual(await item.waitFor(words.valid), { text: words.valid, label: words.signedIn, kind: 'default' });
  assert.equal(callsOf(sandbox, 'login'), 1);

  const first = sandbox.tokens('tconnect')?.accessToken;
  await item.click();
  await passingMessage(window).waitFor(words.fresh);
  assert.equal(callsOf(sandbox, 'refresh'), 1, 'one click is one refresh');
  const second = sandbox.tokens('tconnect')?.accessToken ?? '';
  assert.notEqual(second, first);

  await copiesToken(window, words, second);
  await passingMessage(window).waitFor(words.cleared);
  assert.equal(await window.readClipboard(), '');

  await window.reload();
  assert.deepEqual(await item.waitFor(words.valid), { text: words.valid, label: words.signedIn, kind: 'default' });
  await copiesToken(window, words, second);
  assert.equal(callsOf(sandbox, 'login') + callsOf(sandbox, 'refresh'), 2, 'the session was restored, not renewed');

  await window.runCommand(words.signOutCommand);
  assert.equal((await item.waitFor(words.signIn)).label, words.signedOut);
  assert.equal((await window.commandsLike(words.copyCommand)).includes(words.copyCommand), false, 'nothing to copy');
  await window.reload();
  await item.waitFor(words.signIn);
}

async function copiesToken(window: WorkbenchWindow, words: Words, token: string): Promise<void> {
  await window.writeClipboard('something older');
  await window.runCommand(words.copyCommand);
  assert.equal(await window.waitForClipboard(/^eyJ/), token);
  await passingMessage(window).waitFor(words.copied);
}
