import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  openFileProfiles,
  type Environment,
  type FileProfiles,
  type FileProfilesPorts,
  type Keyring,
  type StoreMode,
} from '../../core/profiles/files/index.ts';
import type { CheckedProfile, Profile } from '../../core/profiles/index.ts';
import { startSandbox, type Sandbox } from '../../core/sandbox/index.ts';
import type { ManualClock } from './manual-clock.ts';
import { profileOf } from './profile-of.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A keyring in memory. */
export interface FakeKeyring extends Keyring {
  key: Uint8Array | undefined;
  /** How often it was written. */
  writes: number;
}

export function fakeKeyring(): FakeKeyring {
  return {
    key: undefined,
    writes: 0,
    get() {
      return Promise.resolve(this.key);
    },
    set(key) {
      this.writes++;
      this.key = Uint8Array.from(key);
      return Promise.resolve();
    },
  };
}

export interface FileProfilesFixture {
  readonly home: string;
  readonly sandbox: Sandbox;
  readonly profile: Profile;
  readonly keyring: FakeKeyring;
  /** Opens the profiles as another process would. */
  open(env?: Environment, ports?: FileProfilesPorts): FileProfiles;
  /** Signs in to the profile `tconnect`, which is added if it is missing. */
  signIn(files: FileProfiles, mode?: StoreMode, password?: string): Promise<CheckedProfile>;
  /** The names of the files in the state folder. */
  stateFiles(): Promise<readonly string[]>;
  /** What all files in the state folder contain. */
  stored(): Promise<string>;
}

export const storeKey = 'c3'.repeat(32);

/** Runs a test with the profiles of a home folder and a sandbox. */
export async function withFileProfiles(
  test: (fixture: FileProfilesFixture) => Promise<void>,
  clock?: ManualClock,
): Promise<void> {
  await using folder = await temporaryFolder();
  await using sandbox = await startSandbox(clock && { clock: clock.now });
  const keyring = fakeKeyring();
  const opened: FileProfiles[] = [];
  const profile = profileOf(sandbox, 'tconnect');
  const { credentials, cipher } = sandbox.profiles.tconnect;
  const { key, iv } = cipher as { readonly key: string; readonly iv: { readonly value: string } };
  const state = join(folder.path, 'state');
  const stateFiles = (): Promise<readonly string[]> => readdir(state).catch(() => []);
  try {
    await test({
      home: folder.path,
      sandbox,
      profile,
      keyring,
      open(env = {}, ports = {}) {
        const files = openFileProfiles(
          { PARTNER_AUTH_HOME: folder.path, ...env },
          { loadKeyring: () => Promise.resolve(keyring), ...(clock !== undefined && { clock }), ...ports },
        );
        opened.push(files);
        return files;
      },
      async signIn(files, mode, password) {
        const { ids } = await files.list();
        const checked = ids.includes(profile.id) ? await files.find(profile.id) : await files.add(profile);
        await files.chooseStore(profile.id, mode);
        const unsaved = await (
          await files.pool()
        ).signIn(
          checked,
          { key, iv: iv.value },
          (record) => ({ ...record, key, iv: iv.value, credentials: { username: credentials.username } }),
          (session) => session.login({ ...credentials, ...(password !== undefined && { password }) }),
        );
        assert.equal(unsaved, undefined);
        return checked;
      },
      stateFiles,
      stored: async () =>
        (await Promise.all((await stateFiles()).map((name) => readFile(join(state, name), 'utf8')))).join('\n'),
    });
  } finally {
    for (const files of opened) await files.close();
  }
}
