import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Memento, SecretStorage } from 'vscode';
import { detectVolatileSecrets } from '../../../extension/host/keyring.ts';

/** The secrets of a machine, which all VS Code profiles share. */
function machine() {
  const entries = new Map<string, string>();
  const secrets = {
    get: (name: string) => Promise.resolve(entries.get(name)),
    store: (name: string, value: string) => Promise.resolve(void entries.set(name, value)),
  } as unknown as SecretStorage;
  return {
    /** What a machine without a keyring does when its last window closes. */
    loseSecrets: () => entries.clear(),
    /** Opens a window of a VS Code profile, and resolves whether it finds that secrets are lost. */
    open: (state: Memento) => detectVolatileSecrets(secrets, state),
  };
}

/** The state of one VS Code profile. */
function vsCodeProfile(): Memento {
  const entries = new Map<string, unknown>();
  return {
    keys: () => [...entries.keys()],
    get: (name: string) => entries.get(name),
    update: (name: string, value: unknown) => Promise.resolve(void entries.set(name, value)),
  };
}

describe('the trial of the keyring', () => {
  it('finds a keyring that works, from the first window on', async () => {
    const { open } = machine();
    const profile = vsCodeProfile();
    for (let window = 1; window <= 3; window++) assert.equal(await open(profile), false);
  });

  it('finds secrets that are lost when the window closes, each time', async () => {
    const { open, loseSecrets } = machine();
    const profile = vsCodeProfile();
    assert.equal(await open(profile), false);
    for (let window = 2; window <= 4; window++) {
      loseSecrets();
      assert.equal(await open(profile), true);
    }
  });

  it('raises no false alarm when the VS Code profile changes, back and forth', async () => {
    const { open } = machine();
    const [first, second] = [vsCodeProfile(), vsCodeProfile()];
    for (const profile of [first, second, first, second, second, first]) assert.equal(await open(profile), false);
  });

  it('raises no false alarm when windows of two VS Code profiles open at once', async () => {
    const { open } = machine();
    const [first, second] = [vsCodeProfile(), vsCodeProfile()];
    for (let start = 1; start <= 3; start++)
      assert.deepEqual(await Promise.all([open(first), open(second), open(first)]), [false, false, false]);
  });

  it('finds lost secrets in each of two VS Code profiles', async () => {
    const { open, loseSecrets } = machine();
    const profiles = [vsCodeProfile(), vsCodeProfile()];
    for (const profile of profiles) await open(profile);
    for (const profile of profiles) {
      loseSecrets();
      assert.equal(await open(profile), true);
    }
  });
});
