import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import nodeModule from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { describe, it } from 'node:test';
import { parseStoredRecord, type PlainRecord, type StoredSession } from '../../../../core/index.ts';
import { storedTokenOf, type Entry } from '../../../../core/profiles/files/stored-token.ts';
import { runProgram } from '../../../helpers/run-program.ts';
import { storedSession } from '../../../helpers/stored-session.ts';
import { root } from '../../../helpers/tarball.ts';
import { storeKey, withFileProfiles } from '../../../helpers/with-file-profiles.ts';

/** Node 22.15 and later. */
const withHooks = { skip: !('registerHooks' in nodeModule) && 'requires module.registerHooks()' };

const now = 1_800_000_000_000;
const minutes = 60_000;
const entry = { id: 'mail', label: 'Mail', partner: 'bizmail', baseUrl: 'https://partner.example/api' };
const session: StoredSession = {
  ...storedSession,
  tokens: { ...storedSession.tokens, issuedAt: now - 10 * minutes, accessExpiresAt: now + 20 * minutes },
};

describe('the stored token of a profile', () => {
  const limits = { now, margin: 5 * minutes, minValidity: 0 };
  const token = (
    record: Partial<StoredSession>,
    options: Partial<typeof limits> = {},
    profile: Entry = entry,
  ): string | undefined => storedTokenOf(profile, { ...session, ...record }, { ...limits, ...options })?.token;

  it('has what a command line shows', () => {
    const tokens = { ...session.tokens, refreshExpiresAt: now + 60 * minutes };
    const found = storedTokenOf(entry, { ...session, account: 'ann', tokens }, limits);
    assert.deepEqual(found, {
      profile: 'mail',
      partner: 'bizmail',
      account: 'ann',
      token: 'access-token-1',
      expiresAt: now + 20 * minutes,
      signInAgainAt: now + 60 * minutes,
    });
  });

  it('is returned while it is valid for long enough and not due', () => {
    assert.equal(token({}), 'access-token-1');
    assert.equal(token({}, { minValidity: 19 * minutes }), 'access-token-1');
    assert.equal(token({}, { minValidity: 20 * minutes }), undefined);
    assert.equal(token({}, { now: now + 15 * minutes }), undefined);
    assert.equal(token({}, { now: now + 15 * minutes, margin: minutes }), 'access-token-1');
    assert.equal(token({}, { now: now - 20 * minutes }), undefined);
  });

  it('is left to the session if that has ended or belongs to another connection', () => {
    assert.equal(token({ ended: { at: now, code: 'sessionEnded' } }), undefined);
    for (const other of [{ origin: 'https://other.example' }, { partner: 'cloudreve' }, { partnerCode: 'P' }])
      assert.equal(token(other), undefined);
    for (const profile of [
      { ...entry, baseUrl: 'nowhere' },
      { ...entry, id: 1 },
      { ...entry, partnerCode: 'P' },
      { ...entry, apiUrl: 'https://api.example' },
      { ...entry, apiUrl: 5 },
    ])
      assert.equal(token({}, {}, profile), undefined);
    const apiOrigin = 'https://api.example';
    assert.equal(token({ apiOrigin }), undefined);
    assert.equal(token({ apiOrigin }, {}, { ...entry, apiUrl: `${apiOrigin}/v2` }), 'access-token-1');
    assert.equal(token({}, {}, { ...entry, apiUrl: entry.baseUrl }), 'access-token-1');
    const tombstone: PlainRecord = { version: 1, signedOutAt: now };
    assert.equal(storedTokenOf(entry, tombstone, limits), undefined);
  });

  it('is left to the session if a field that matters is not what a record may have', () => {
    const { tokens } = session;
    const values = [undefined, null, '', 'x', -1, 1.5, NaN, Infinity, 8.64e15 + 1, true, [], {}];
    const records = values.flatMap((value) => [
      ...[
        'version',
        'sessionId',
        'generation',
        'partner',
        'origin',
        'apiOrigin',
        'partnerCode',
        'account',
        'tokens',
      ].map((name) => ({
        ...session,
        [name]: value,
      })),
      ...['accessToken', 'issuedAt', 'accessExpiresAt', 'refreshExpiresAt'].map((name) => ({
        ...session,
        tokens: { ...tokens, [name]: value },
      })),
    ]);
    const accepted = [...records, ...values].filter((record) => storedTokenOf(entry, record, limits) !== undefined);
    assert.ok(accepted.length > 0);
    for (const record of accepted) assert.equal(parseStoredRecord(record).kind, 'record', inspect(record));
  });

  it('is that of the profile that is named, of PARTNER_AUTH_PROFILE, or of the only one', () =>
    withFileProfiles(async ({ open, signIn, profile, home }) => {
      const env = { PARTNER_AUTH_STORE_KEY: storeKey };
      await signIn(open(env));
      for (const found of [
        await open(env).storedToken('tconnect'),
        await open({ ...env, PARTNER_AUTH_PROFILE: 'tconnect' }).storedToken(undefined),
        await open(env).storedToken(undefined),
      ])
        assert.equal(found?.profile, 'tconnect');
      assert.equal(await open(env).storedToken('other'), undefined);
      await writeFile(join(home, 'profiles.json'), JSON.stringify([profile, { ...profile, id: 'other' }]));
      assert.equal(await open(env).storedToken(undefined), undefined);
      await writeFile(join(home, 'profiles.json'), JSON.stringify([profile, profile]));
      assert.equal(await open(env).storedToken('tconnect'), undefined);
    }));

  it('is read without got, node-forge, the keyring, a session or a partner', withHooks, () =>
    withFileProfiles(async ({ open, signIn, home }) => {
      const env = { PARTNER_AUTH_STORE_KEY: storeKey };
      await signIn(open(env));
      const program = join(home, 'main.mjs');
      const door = pathToFileURL(join(root, 'core/profiles/files/index.ts')).href;
      await writeFile(
        program,
        `import { registerHooks } from 'node:module';
        const loaded = [];
        registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
        const { openFileProfiles } = await import(${JSON.stringify(door)});
        const found = await openFileProfiles().storedToken('tconnect');
        console.log(JSON.stringify({ profile: found.profile, loaded }));`,
      );
      const { stdout, stderr } = await runProgram(process.execPath, [program], {
        env: { ...env, PARTNER_AUTH_HOME: home },
      });
      const { profile, loaded } = JSON.parse(stdout || stderr) as { profile: string; loaded: readonly string[] };
      assert.equal(profile, 'tconnect');
      assert.ok(loaded.length > 5);
      const heavy = /\/(?:got|node-forge|keyring)\/|\/core\/(?:session|partners|cipher|transport|exchange|sandbox)\//;
      assert.deepEqual(
        loaded.filter((url) => heavy.test(url)),
        [],
      );
    }),
  );
});
