import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { partnerNames } from '../../helpers/with-session.ts';
import { connectionArguments, secretVariables } from './command.ts';
import { withHome } from './with-home.ts';

interface StatusJson {
  readonly profile: string;
  readonly phase: string;
  readonly hasToken: boolean;
  readonly account: string | null;
  readonly store: string | null;
  readonly next: readonly string[];
  readonly error?: { readonly code: string };
}

describe('the command line', () => {
  for (const partner of partnerNames) {
    it(`adds a profile, signs in, prints its token, refreshes and signs out: ${partner}`, () =>
      withHome({}, async ({ sandbox, run, succeed, calls }) => {
        const settings = connectionArguments(sandbox, partner);
        assert.equal(await succeed(['profile', 'add', 'shop', ...settings]), '');
        const signedOut = await run(['token', 'shop']);
        assert.deepEqual([signedOut.code, signedOut.stdout], [4, '']);
        assert.equal(signedOut.stderr, 'shop is not signed in. Run: partner-auth login shop\n');

        const login = await run(['login', 'shop'], { env: secretVariables(sandbox, partner) });
        assert.deepEqual([login.code, login.stdout], [0, ''], login.stderr);
        assert.match(
          login.stderr,
          /^Signed in to shop as \S+@example\.com\. The token is valid for \d+ (?:h|min), until /,
        );
        assert.equal(await succeed(['token', 'shop']), `${sandbox.tokens(partner)?.accessToken ?? ''}\n`);
        // The only profile.
        assert.equal(await succeed(['token']), `${sandbox.tokens(partner)?.accessToken ?? ''}\n`);
        assert.equal(calls('login'), 1);

        const before = sandbox.tokens(partner)?.refreshToken;
        sandbox.advance(2);
        const refresh = await run(['refresh', 'shop']);
        assert.deepEqual([refresh.code, refresh.stdout], [0, '']);
        assert.match(refresh.stderr, /^Refreshed shop\. The token is valid for /);
        assert.notEqual(sandbox.tokens(partner)?.refreshToken, before);
        assert.equal(await succeed(['token', 'shop']), `${sandbox.tokens(partner)?.accessToken ?? ''}\n`);

        const logout = await run(['logout', 'shop', '--json']);
        const { revoked } = JSON.parse(logout.stdout) as { revoked: boolean };
        assert.deepEqual([logout.code, revoked], [0, partner === 'cloudreve']);
        assert.match(logout.stderr, revoked ? /has confirmed it/ : /has no call to sign out\. It may accept/);
        assert.equal((await run(['token', 'shop'])).code, 4);
        assert.match((await run(['logout', 'shop'])).stderr, /^shop was not signed in\.$/m);
      }));
  }

  it('shows one profile in full and all in a table, on stdout, with the exit codes of each', () =>
    withHome({}, async ({ sandbox, add, run, succeed }) => {
      assert.match((await run(['status'])).stderr, /There are no profiles\. Add one: partner-auth profile add NAME/);
      await add('shop', 'tconnect');
      await add('mail', 'bizmail', { signIn: false });
      const all = await run(['status']);
      assert.deepEqual([all.code, all.stderr], [0, '']);
      const lines = all.stdout.trimEnd().split('\n');
      assert.match(lines[0] ?? '', /^PROFILE {2}ACCOUNT +STATE +PARTNER +STORED$/);
      assert.match(lines[1] ?? '', /^shop {5}merchant-\w+@example\.com {2}valid for 10 h {2}TCONNECT {2}key$/);
      assert.match(lines[2] ?? '', /^mail {5}- +signed out +BizMail +-$/);

      const shop = await run(['status', 'shop']);
      assert.equal(shop.code, 0);
      assert.match(shop.stdout, /^Stored +encrypted, with the key in PARTNER_AUTH_STORE_KEY$/m);
      const mail = await run(['status', 'mail']);
      assert.equal(mail.code, 4);
      assert.match(mail.stdout, /^Run +partner-auth login mail$/m);

      const json = JSON.parse(await succeed(['status', 'shop', '--json'])) as StatusJson;
      const { username } = sandbox.profiles.tconnect.credentials;
      assert.deepEqual(
        [json.phase, json.hasToken, json.account, json.store, json.next],
        ['valid', true, username, 'key', []],
      );
      const list = JSON.parse(await succeed(['status', '--json'])) as StatusJson[];
      assert.deepEqual(
        list.map(({ profile, phase }) => [profile, phase]),
        [
          ['shop', 'valid'],
          ['mail', 'signedOut'],
        ],
      );
    }));

  it('offers a refresh next to a login once the partner has refused the session, and refreshes on demand', () =>
    withHome({}, async ({ sandbox, add, run, succeed }) => {
      await add('shop', 'tconnect');
      sandbox.revoke('tconnect');
      const refused = await run(['refresh', 'shop']);
      assert.equal(refused.code, 4);
      assert.match(refused.stderr, /partner-auth login shop/);
      const { stdout } = await run(['status', 'shop']);
      assert.match(stdout, /^State +ended: refused by the partner$/m);
      assert.match(stdout, /^Run +partner-auth refresh shop\nor +partner-auth login shop$/m);
      const { phase, next } = JSON.parse((await run(['status', 'shop', '--json'])).stdout) as StatusJson;
      assert.deepEqual([phase, next], ['ended', ['partner-auth refresh shop', 'partner-auth login shop']]);
      assert.equal(await succeed(['status']).then((text) => text.includes('ended: refused')), true);
    }));

  it('takes NAME from PARTNER_AUTH_PROFILE, and names the profiles if there are several', () =>
    withHome({}, async ({ sandbox, add, run, succeed }) => {
      await add('shop', 'tconnect');
      await add('mail', 'bizmail');
      const { code, stdout, stderr } = await run(['token']);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /several profiles: shop, mail\. Name one of them, or set PARTNER_AUTH_PROFILE\./);
      const token = await succeed(['token'], { env: { PARTNER_AUTH_PROFILE: 'mail' } });
      assert.equal(token.trim(), sandbox.tokens('bizmail')?.accessToken);
      assert.equal(
        (await succeed(['token', 'shop'], { env: { PARTNER_AUTH_PROFILE: 'mail' } })).trim(),
        sandbox.tokens('tconnect')?.accessToken,
      );
    }));

  it('signs out of all profiles, and reports each', () =>
    withHome({}, async ({ add, run }) => {
      await add('drive', 'cloudreve');
      await add('mail', 'bizmail');
      const { code, stdout } = await run(['logout', '--all', '--json']);
      assert.equal(code, 0);
      const results = JSON.parse(stdout) as { profile: string; revoked: boolean }[];
      assert.deepEqual(
        results.map(({ profile, revoked }) => [profile, revoked]),
        [
          ['drive', true],
          ['mail', false],
        ],
      );
      assert.equal((await run(['logout', 'mail', '--all'])).code, 2);
    }));

  it('shows the other profiles, and what it knows of one, if its files cannot be read', () =>
    withHome({}, async ({ home, add, run }) => {
      await add('drive', 'cloudreve');
      await add('mail', 'bizmail');
      const file = join(home, 'state', 'session-drive.json');
      await rm(file);
      await mkdir(file);
      const all = await run(['status', '--json']);
      const found = JSON.parse(all.stdout) as readonly (StatusJson & { readonly error?: { readonly code: string } })[];
      assert.deepEqual(
        [all.code, ...found.map(({ profile, hasToken, error }) => [profile, hasToken, error?.code])],
        [0, ['drive', false, 'store'], ['mail', true, undefined]],
      );
      assert.equal((await run(['status', 'drive'])).code, 4);
      const { code, stdout } = await run(['doctor', 'drive']);
      assert.equal(code, 1);
      assert.match(stdout, /^FAILED +Store +.*session-drive\.json/m);
      assert.match(stdout, /^ok +Partner /m);
    }));

  it('signs out of the others if one cannot be, with the exit code of its error', () =>
    withHome({}, async ({ home, add, run }) => {
      await add('drive', 'cloudreve');
      await add('mail', 'bizmail');
      const file = join(home, 'state', 'session-drive.json');
      await rm(file);
      await mkdir(join(file, 'in its place'), { recursive: true });
      const profiles = join(home, 'profiles.json');
      await writeFile(profiles, (await readFile(profiles, 'utf8')).replace(/\]\s*$/, ', { "id": "other" }]'));
      const { code, stdout, stderr } = await run(['logout', '--all', '--json']);
      assert.equal(code, 1);
      const [drive, mail] = JSON.parse(stdout) as { profile: string; error?: { code: string } }[];
      assert.deepEqual([drive?.profile, drive?.error?.code, mail?.profile], ['drive', 'store', 'mail']);
      assert.match(
        stderr,
        /^The profile other in .* cannot be used: .*\ndrive is still signed in here: .*\nSigned out of mail /,
      );
      assert.equal((await run(['token', 'mail'])).code, 4);
    }));

  it('signs out here with exit code 0 if the partner cannot be reached, and says so', () =>
    withHome({}, async ({ sandbox, add, run }) => {
      await add('drive', 'cloudreve');
      sandbox.fail({ status: 503 }, { call: 'logout', times: 10 });
      const { code, stdout, stderr } = await run(['logout', 'drive', '--json']);
      assert.equal(code, 0);
      const result = JSON.parse(stdout) as { revoked: boolean; error: { code: string } };
      assert.deepEqual([result.revoked, result.error.code], [false, 'partnerUnavailable']);
      assert.match(stderr, /^Signed out of drive here, but not at Cloudreve: /);
      assert.equal((await run(['token', 'drive'])).code, 4);
    }));

  it('writes masked exchanges to stderr with -v and with PARTNER_AUTH_DEBUG=1', () =>
    withHome({}, async ({ sandbox, add, run }) => {
      await add('shop', 'tconnect');
      const results = [
        await run(['-v', 'refresh', 'shop']),
        await run(['refresh', 'shop'], { env: { PARTNER_AUTH_DEBUG: '1' } }),
      ];
      for (const { stderr, stdout } of results) {
        assert.match(stderr, /^> POST http:.*\/auth\/refresh$/m);
        assert.match(stderr, /^> payload \{"refresh_token":"•+"\}$/m);
        assert.match(stderr, /^< HTTP 200 success$/m);
        for (const token of Object.values(sandbox.tokens('tconnect') ?? {}))
          assert.ok(!(stderr + stdout).includes(token));
      }
      assert.doesNotMatch((await run(['refresh', 'shop'], { env: { PARTNER_AUTH_DEBUG: '0' } })).stderr, /^>/m);
    }));
});
