import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { SecretStorage } from 'vscode';
import { openProfileStore } from '../../../extension/host/profile-store.ts';
import { parseProfiles } from '../../../extension/model/profile.ts';
import { english } from '../../helpers/fake-app.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const nothing = (): undefined => undefined;
const noSecrets = {
  get: async () => undefined,
  onDidChange: () => ({ dispose: nothing }),
} as unknown as SecretStorage;

describe('the store of a profile', () => {
  it('opens where its folder can not be made, and says what is wrong when something is to be kept', async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.file('state'), 'no folder');
    const lines: string[] = [];
    const { profiles } = parseProfiles(
      [{ id: 'acme', label: 'ACME', partner: 'bizmail', baseUrl: 'https://acme.example' }],
      english,
    );
    const [profile] = profiles;
    assert.ok(profile);
    const store = await openProfileStore(profile, {
      secrets: noSecrets,
      folder: folder.file('state/sessions'),
      log: { debug: nothing, info: nothing, warn: nothing, error: (line) => void lines.push(line) },
      losesSecrets: () => false,
    });
    assert.equal(store.mark(), undefined);
    assert.equal(await store.read(), undefined);
    await assert.rejects(
      store.update((record) => record),
      { code: 'store', message: /The lock file .*state\/sessions\/.* could not be made \(ENOTDIR\)/ },
    );
    assert.match(lines.join(), /The folder .*state\/sessions could not be made/);
    store.dispose();
  });
});
