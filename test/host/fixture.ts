import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import * as vscode from 'vscode';
import { startSandbox, type Sandbox, type SandboxOptions, type SandboxPartner } from '../../core/sandbox/index.ts';
import type { Profile } from '../../core/profiles/profile.ts';
import type { SecretRecord } from '../../core/profiles/secret-record.ts';
import { profileOf } from '../helpers/profile-of.ts';
import { activateExtension } from './activation-record.ts';

export interface Fixture {
  readonly sandbox: Sandbox;
  readonly profile: Profile;
  readonly secretKey: string;
  readonly secrets: vscode.SecretStorage;
  /** The record of the profile in SecretStorage. */
  record(): Promise<SecretRecord>;
}

/**
 * Runs `test` with a sandbox and a profile of its own. The key and all login fields, including the password, are in
 * SecretStorage, so that `partnerAuth.signIn` shows no prompt.
 */
export async function withProfile(
  test: (fixture: Fixture) => Promise<void>,
  { partner = 'tconnect', ...options }: SandboxOptions & { readonly partner?: SandboxPartner } = {},
): Promise<void> {
  const { secrets } = (await activateExtension()).context;
  await using sandbox = await startSandbox(options);
  const profile = profileOf(sandbox, partner, { id: `test-${randomUUID().slice(0, 8)}` });
  const secretKey = `profile:${profile.id}`;
  const { cipher } = sandbox.profiles.tconnect;
  const record: SecretRecord = {
    version: 1,
    origin: sandbox.url,
    ...(partner === 'tconnect' && { key: cipher.key, ...(cipher.iv.from === 'fixed' && { iv: cipher.iv.value }) }),
    credentials: { ...sandbox.profiles[partner].credentials },
  };
  await secrets.store(secretKey, JSON.stringify(record));
  await setProfiles([profile]);
  try {
    await test({
      sandbox,
      profile,
      secretKey,
      secrets,
      record: async () => JSON.parse((await secrets.get(secretKey)) ?? 'null') as SecretRecord,
    });
  } finally {
    // In this order, because the extension offers to forget what a removed profile leaves.
    await secrets.delete(secretKey);
    await setProfiles([]);
  }
}

export async function setProfiles(profiles: readonly unknown[]): Promise<void> {
  const settings = vscode.workspace.getConfiguration('partnerAuth');
  await settings.update('profiles', profiles, vscode.ConfigurationTarget.Global);
}

/** Runs a command of the extension; `name` is its id without the prefix. */
export async function runCommand(name: string, ...args: unknown[]): Promise<unknown> {
  return vscode.commands.executeCommand(`partnerAuth.${name}`, ...args);
}

/** Runs a command and dismisses all its prompts and notifications. */
export async function runAndDismiss(name: string, ...args: unknown[]): Promise<unknown> {
  const state = { ended: false };
  const result = runCommand(name, ...args).finally(() => (state.ended = true));
  while (!state.ended) {
    await wait(100);
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await vscode.commands.executeCommand('notifications.clearAll');
  }
  return result;
}

export async function waitUntil<T>(what: string, probe: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`Timed out waiting for ${what}.`);
    await wait(50);
  }
}

export function countRefreshes(sandbox: Sandbox): number {
  return sandbox.journal.filter(({ call }) => call === 'refresh').length;
}
