import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { StoreMode } from '../../../../core/profiles/files/index.ts';
import { callsOf } from '../../../helpers/documents.ts';
import { manualClock } from '../../../helpers/manual-clock.ts';
import { notOnWindows } from '../../../helpers/platform.ts';
import { runProgram } from '../../../helpers/run-program.ts';
import { root } from '../../../helpers/tarball.ts';
import { fakeKeyring, storeKey, withFileProfiles } from '../../../helpers/with-file-profiles.ts';

const withKey = { PARTNER_AUTH_STORE_KEY: storeKey };
const noKeyring = { loadKeyring: () => Promise.reject(new Error('Platform failure: no D-Bus')) };
const names = ['secrets-tconnect.json', 'session-tconnect.json'];

describe('the secrets of a profile in files', () => {
  for (const mode of ['keyring', 'key'] as const) {
    it(`are encrypted in two files, which another process reads (${mode})`, () =>
      withFileProfiles(async ({ open, signIn, stored, stateFiles, sandbox }) => {
        const profile = await signIn(open(withKey), mode);
        assert.deepEqual(await stateFiles(), names);
        const { accessToken, refreshToken } = sandbox.tokens('tconnect') ?? {};
        const { cipher, credentials } = sandbox.profiles.tconnect;
        const { key, iv } = cipher as { key: string; iv: { value: string } };
        const text = await stored();
        for (const secret of [
          accessToken,
          refreshToken,
          key,
          iv.value,
          credentials.username,
          credentials.password,
          storeKey,
        ])
          assert.ok(!text.includes(String(secret)));
        const files = open(withKey);
        assert.equal(await files.storeMode('tconnect'), mode);
        const session = await (await files.pool()).open(profile);
        assert.equal(await session.accessToken(), accessToken);
        await session.refresh();
        assert.notEqual(sandbox.tokens('tconnect')?.accessToken, accessToken);
        assert.equal(await files.storeMode('tconnect'), mode);
      }));
  }

  it('are in clear only if that was chosen, and stay so', () =>
    withFileProfiles(async ({ open, signIn, stored, sandbox }) => {
      const profile = await signIn(open(withKey), 'plain');
      const files = open({}, noKeyring);
      assert.equal(await files.storeMode('tconnect'), 'plain');
      assert.equal(await files.chooseStore('tconnect'), 'plain');
      await (await (await files.pool()).open(profile)).refresh();
      assert.ok((await stored()).includes(String(sandbox.tokens('tconnect')?.refreshToken)));
    }));

  it('are files of mode 0600 in a folder of mode 0700', notOnWindows('Windows has no such modes'), () =>
    withFileProfiles(async ({ open, signIn, home }) => {
      await signIn(open(withKey), 'plain');
      for (const name of names) assert.equal((await stat(join(home, 'state', name))).mode & 0o777, 0o600);
      assert.equal((await stat(join(home, 'state'))).mode & 0o777, 0o700);
    }),
  );

  it('have one key in the keyring for all profiles, and nothing else', () =>
    withFileProfiles(async ({ open, signIn, keyring }) => {
      await signIn(open(), 'keyring');
      const { key } = keyring;
      assert.equal(key?.length, 32);
      await signIn(open(), 'keyring');
      await open().chooseStore('another', 'keyring');
      assert.equal(keyring.writes, 1);
      assert.equal(keyring.key, key);
    }));

  it('have one key, also if many processes create it at once', () =>
    withFileProfiles(async ({ open, keyring }) => {
      await Promise.all(Array.from({ length: 5 }, () => open().chooseStore('tconnect', 'keyring')));
      assert.equal(keyring.key?.length, 32);
      const { key } = keyring;
      await open().chooseStore('tconnect', 'keyring');
      assert.equal(keyring.key, key);
    }));

  const modes: readonly (readonly [StoreMode, StoreMode])[] = [
    ['plain', 'keyring'],
    ['keyring', 'plain'],
    ['key', 'keyring'],
  ];
  for (const [from, to] of modes) {
    it(`are stored in another way after the next sign-in, without a copy in the former one (${from}, ${to})`, () =>
      withFileProfiles(async ({ open, signIn, stored }) => {
        await signIn(open(withKey), from);
        await (await (await open(withKey).pool()).open(await open().find('tconnect'))).refresh();
        await signIn(open(withKey), to);
        assert.equal(await open().storeMode('tconnect'), to);
        const text = await stored();
        assert.equal(text.includes('accessToken'), to === 'plain');
        assert.equal(text.includes('"encrypted"'), to !== 'plain');
      }));
  }

  it('are stored as they are by default, else with PARTNER_AUTH_STORE_KEY, else with the keyring', () =>
    withFileProfiles(async ({ open, signIn }) => {
      assert.equal(await open(withKey).chooseStore('tconnect'), 'key');
      assert.equal(await open().chooseStore('tconnect'), 'keyring');
      await signIn(open(), 'keyring');
      assert.equal(await open(withKey).chooseStore('tconnect'), 'keyring');
    }));

  it('are written only with a choice, never in clear by themselves', () =>
    withFileProfiles(async ({ open, profile, stateFiles }) => {
      const files = open({}, noKeyring);
      const store = await (await files.pool()).store(await files.add(profile));
      const write = store.update((record) => ({ ...record, key: 'k' }));
      await assert.rejects(write, {
        code: 'configuration',
        setting: 'store',
        message: /--store keyring, key or plain/,
      });
      assert.deepEqual(await stateFiles(), []);
    }));

  it('are not written again by a read or a valid token', () =>
    withFileProfiles(async ({ open, signIn, home }) => {
      const profile = await signIn(open(withKey));
      const times = async (): Promise<readonly number[]> =>
        Promise.all(['', ...names].map(async (name) => (await stat(join(home, 'state', name))).mtimeMs));
      const before = await times();
      const files = open(withKey);
      assert.ok((await files.storedToken('tconnect')) !== undefined);
      await (await (await files.pool()).open(profile)).accessToken();
      await (await (await files.pool()).store(profile)).secrets();
      assert.deepEqual(await times(), before);
    }));

  it('are refreshed once by many processes that find an expired token', () => {
    const clock = manualClock();
    return withFileProfiles(async ({ open, signIn, sandbox }) => {
      const profile = await signIn(open(withKey));
      clock.advance(24 * 3_600_000);
      assert.equal(await open(withKey).storedToken('tconnect'), undefined);
      const token = async (): Promise<string> => {
        const session = await (await open(withKey).pool()).open(profile);
        return session.accessToken();
      };
      const tokens = new Set(await Promise.all(Array.from({ length: 20 }, token)));
      assert.deepEqual([...tokens], [sandbox.tokens('tconnect')?.accessToken]);
      assert.equal(callsOf(sandbox).filter((call) => call === 'refresh').length, 1);
      assert.equal((await open(withKey).storedToken('tconnect'))?.token, [...tokens][0]);
    }, clock);
  });

  it('are removed with their profile', () =>
    withFileProfiles(async ({ open, signIn, stateFiles }) => {
      await signIn(open(withKey));
      await open().remove('tconnect');
      assert.deepEqual(await stateFiles(), []);
      assert.deepEqual((await open().list()).ids, []);
    }));

  it('of a profile that was deleted by hand can still be removed', () =>
    withFileProfiles(async ({ open, signIn, home, stateFiles }) => {
      await signIn(open(withKey));
      await writeFile(join(home, 'profiles.json'), '[]');
      await open().remove('tconnect');
      assert.deepEqual(await stateFiles(), []);
    }));

  it('leave a sign-out without a token', () =>
    withFileProfiles(async ({ open, signIn, stateFiles }) => {
      const files = open(withKey);
      const profile = await signIn(files);
      const session = await (await files.pool()).open(profile);
      await session.refresh();
      await session.signOut();
      assert.deepEqual(await stateFiles(), names);
      assert.equal((await files.pool()).status(profile).phase, 'signedOut');
      assert.equal(await open(withKey).storedToken('tconnect'), undefined);
    }));

  it('are those of a SecretStore by profile', () =>
    withFileProfiles(async ({ open, signIn }) => {
      const files = open(withKey);
      await signIn(files);
      assert.deepEqual(await files.secretStore.names(), ['profile:tconnect']);
      const record = JSON.parse((await files.secretStore.get('profile:tconnect')) ?? '') as Record<string, unknown>;
      assert.deepEqual(Object.keys(record), ['version', 'origin', 'key', 'iv', 'credentials']);
      await files.secretStore.delete('profile:tconnect');
      assert.deepEqual(await files.secretStore.names(), []);
      assert.equal(await files.secretStore.get('profile:tconnect'), undefined);
    }));

  it('are not those of a profile with another server, partner or partner code', () =>
    withFileProfiles(async ({ open, signIn, profile }) => {
      await signIn(open(withKey));
      for (const changed of [
        { ...profile, baseUrl: 'https://other.example' },
        { ...profile, partnerCode: 'OTHER' },
      ]) {
        const files = open(withKey);
        const store = await (await files.pool()).store(await files.update('tconnect', changed));
        assert.equal(await store.read(), undefined);
        assert.equal(await files.storedToken('tconnect'), undefined);
      }
    }));
});

describe('secrets whose key cannot be had', () => {
  it('are not stored: the error names the reason and the other ways', () =>
    withFileProfiles(async ({ open, stateFiles }) => {
      const volatile = { ...fakeKeyring(), set: () => Promise.resolve() };
      const rows = [
        [open({}, noKeyring), /package @napi-rs\/keyring/],
        [
          open(
            {},
            {
              loadKeyring: () => Promise.resolve({ ...fakeKeyring(), get: () => Promise.reject(new Error('locked')) }),
            },
          ),
          /could not be read/,
        ],
        [
          open(
            {},
            {
              loadKeyring: () => Promise.resolve({ ...fakeKeyring(), set: () => Promise.reject(new Error('locked')) }),
            },
          ),
          /could not be written/,
        ],
        [open({}, { loadKeyring: () => Promise.resolve(volatile) }), /does not keep what is stored/],
      ] as const;
      for (const [files, reason] of rows)
        await assert.rejects(files.chooseStore('tconnect'), (error: Error & { code: string; setting: string }) => {
          assert.deepEqual([error.code, error.setting], ['configuration', 'store']);
          assert.match(error.message, reason);
          assert.match(error.message, /PARTNER_AUTH_STORE_KEY.*--store key.*--store plain/);
          assert.doesNotMatch(error.message, /D-Bus|locked\./);
          return true;
        });
      await assert.rejects(
        open().chooseStore('tconnect', 'key'),
        /PARTNER_AUTH_STORE_KEY is not set.*--store keyring.*--store plain/,
      );
      assert.deepEqual(await stateFiles(), []);
    }));

  it('are not stored if the system has no keyring', { skip: process.platform !== 'linux' && 'requires Linux' }, () =>
    withFileProfiles(async ({ home }) => {
      const program = join(home, 'main.mjs');
      const door = pathToFileURL(join(root, 'core/profiles/files/index.ts')).href;
      await writeFile(
        program,
        `const { openFileProfiles } = await import(${JSON.stringify(door)});
        await openFileProfiles().chooseStore('tconnect').catch(({ code, message }) => console.log(code, message));`,
      );
      const { stdout, code } = await runProgram(process.execPath, [program], {
        env: { PARTNER_AUTH_HOME: home, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' },
      });
      assert.equal(code, 0);
      assert.match(
        stdout,
        /^configuration The (?:keyring of the system could not be read|package @napi-rs\/keyring).*--store plain/,
      );
    }),
  );

  it('are not stored with a key of another length, which the error does not show', () =>
    withFileProfiles(async ({ open }) => {
      for (const key of ['short', 'g'.repeat(64), randomBytes(31).toString('base64')])
        await assert.rejects(
          open({ PARTNER_AUTH_STORE_KEY: key }).chooseStore('tconnect'),
          (error: Error & { code: string }) => {
            assert.equal(error.code, 'configuration');
            assert.match(error.message, /PARTNER_AUTH_STORE_KEY must be a key of 32 bytes: 64 hex digits/);
            assert.ok(!error.message.includes(key));
            return true;
          },
        );
    }));

  it('do not replace an entry of the keyring that is not a key', () =>
    withFileProfiles(async ({ open, keyring }) => {
      keyring.key = Uint8Array.from([1, 2, 3]);
      await assert.rejects(open().chooseStore('tconnect'), {
        code: 'configuration',
        message: /not a key of Partner Auth/,
      });
      assert.equal(keyring.writes, 0);
    }));

  it('cannot be read, and stay as they are', () =>
    withFileProfiles(async ({ open, signIn, stored }) => {
      const profile = await signIn(open(withKey), 'key');
      const before = await stored();
      const rows = [
        [
          {},
          'configuration',
          /PARTNER_AUTH_STORE_KEY is not set, but the (?:session file|file of secrets) .*-tconnect\.json is encrypted/,
        ],
        [
          { PARTNER_AUTH_STORE_KEY: 'd4'.repeat(32) },
          'store',
          /-tconnect\.json is encrypted with another key than the one in PARTNER_AUTH_STORE_KEY/,
        ],
      ] as const;
      for (const [env, code, message] of rows) {
        const files = open(env);
        await assert.rejects(
          files.pool().then((pool) => pool.open(profile)),
          { code, message },
        );
        assert.equal(await files.storedToken('tconnect'), undefined);
        assert.equal(await files.storeMode('tconnect'), 'key');
      }
      assert.equal(await stored(), before);
    }));

  it('of a keyring that has lost its key are named, and no other key is created by a read', () =>
    withFileProfiles(async ({ open, signIn, keyring }) => {
      const profile = await signIn(open(), 'keyring');
      keyring.key = undefined;
      const store = await (await open().pool()).store(profile);
      await assert.rejects(store.read(), {
        code: 'configuration',
        message: /no longer has the key with which/,
      });
      assert.equal(keyring.key, undefined);
    }));

  it('are set aside by the next sign-in', () =>
    withFileProfiles(async ({ open, signIn, keyring, stateFiles, home }) => {
      await signIn(open(), 'keyring');
      const before = await readFile(join(home, 'state', 'session-tconnect.json'), 'utf8');
      keyring.key = undefined;
      await signIn(open(), 'keyring');
      assert.ok((await open().storedToken('tconnect')) !== undefined);
      const aside = (await stateFiles()).filter((name) => name.includes('.corrupt-'));
      assert.equal(aside.length, 2);
      const [session = ''] = aside.filter((name) => name.startsWith('session-'));
      assert.equal(await readFile(join(home, 'state', session), 'utf8'), before);
    }));
});

describe('a file of secrets', () => {
  it('that is damaged is set aside, and the previous one restored', () =>
    withFileProfiles(async ({ open, signIn, home }) => {
      const files = open(withKey);
      const profile = await signIn(files);
      const store = await (await files.pool()).store(profile);
      await store.update((record) => ({ ...record, rememberPassword: true }));
      await writeFile(join(home, 'state', 'secrets-tconnect.json'), '{"version":');
      await assert.rejects(store.secrets(), { code: 'store', message: /file of secrets .* is damaged.*set aside as/ });
      assert.equal((await store.secrets())?.rememberPassword, undefined);
    }));

  it('of a newer version is left as it is', () =>
    withFileProfiles(async ({ open, signIn, home }) => {
      const files = open(withKey);
      const profile = await signIn(files, 'plain');
      const path = join(home, 'state', 'secrets-tconnect.json');
      await writeFile(path, '{"version":9,"vault":"x"}');
      const store = await (await files.pool()).store(profile);
      for (const call of [() => store.secrets(), () => store.update((record) => ({ ...record, key: 'other' }))])
        await assert.rejects(call(), { code: 'store', message: /newer version/ });
      assert.equal(await readFile(path, 'utf8'), '{"version":9,"vault":"x"}');
    }));

  it('that was exchanged with that of another profile is refused', () =>
    withFileProfiles(async ({ open, signIn, home, profile }) => {
      await signIn(open(withKey));
      const other = await open(withKey).add({ ...profile, id: 'other' });
      for (const kind of ['session', 'secrets'])
        await writeFile(
          join(home, 'state', `${kind}-other.json`),
          await readFile(join(home, 'state', `${kind}-tconnect.json`)),
          { mode: 0o600 },
        );
      const store = await (await open(withKey).pool()).store(other);
      await assert.rejects(store.read(), {
        code: 'store',
        message: /session file .*session-other\.json could not be decrypted.*Sign in again to replace it/,
      });
      await assert.rejects(store.secrets(), {
        code: 'store',
        message: /file of secrets .*secrets-other\.json could not be decrypted.*Sign in again to replace it/,
      });
    }));
});
