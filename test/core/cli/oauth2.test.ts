import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { oauth2Partner, openSession, type PartnerDefinition } from '../../../core/index.ts';
import type { Profile } from '../../../core/profiles/index.ts';
import { startOAuthServer } from '../../helpers/oauth-server.ts';
import { withHome } from './with-home.ts';

const folder = join(import.meta.dirname, '../../../core/partners/examples');
const client = { id: 'shop app', secret: 'S3cret-of-the-shop-app', send: 'basic' } as const;
const account = { username: 'ann', password: 'correct horse' };
const identity = { id: client.id, secret: client.secret };
const server = { tokenPath: '/oauth2/token', revocationPath: '/oauth2/revoke', client, account };
const env = { PARTNER_AUTH_USERNAME: account.username, PARTNER_AUTH_PASSWORD: account.password };
const secret = { PARTNER_AUTH_CLIENT_SECRET: client.secret };

describe('an example of a definition', async () => {
  const names = await readdir(folder);

  for (const name of names.filter((each) => each.endsWith('.json'))) {
    it(`can be added as a profile: ${name}`, () =>
      withHome({}, async ({ succeed }) => {
        await succeed(['profile', 'add', 'one', '--from', join(folder, name)]);
        const shown = JSON.parse(await succeed(['profile', 'show', 'one', '--json'])) as { readonly partner?: string };
        const { profile } = JSON.parse(await readFile(join(folder, name), 'utf8')) as { readonly profile: Profile };
        assert.equal(shown.partner, profile.partner);
      }));
  }

  it('of a plain OAuth 2.0 server signs in, calls, refreshes and signs out with the library', async () => {
    await using running = await startOAuthServer(server);
    const { profile, definition } = JSON.parse(await readFile(join(folder, 'oauth2.json'), 'utf8')) as {
      readonly profile: Profile;
      readonly definition: PartnerDefinition;
    };
    await using session = await openSession({ partner: definition, baseUrl: running.url, client: identity });
    await assert.rejects(session.login({ ...account, password: 'wrong' }), { code: 'invalidCredentials' });
    await session.login(account);
    const before = running.refreshToken;
    await session.refresh();
    assert.notEqual(running.refreshToken, before);
    assert.equal((await session.request(definition.example?.path ?? '')).status, 200);
    assert.deepEqual(await session.signOut(), { revoked: true });
    assert.equal(definition.id, profile.partner);
  });
});

describe('an OAuth 2.0 server on the command line', () => {
  const from = ['--from', join(folder, 'oauth2.json'), '--client-id', client.id];

  it('is added with its client, and signs in, calls, refreshes and signs out', async () => {
    await using running = await startOAuthServer(server);
    await withHome({}, async ({ succeed, home }) => {
      await succeed(['profile', 'add', 'shop', ...from, '--base-url', running.url]);
      await succeed(['login', 'shop'], { env: { ...env, ...secret } });
      assert.match(await succeed(['request', 'shop', 'GET', '/orders']), /"orders"/);
      await succeed(['refresh', 'shop']);
      assert.equal((await succeed(['token', 'shop'])).trim(), running.accessToken);
      await succeed(['logout', 'shop']);
      const profiles = await readFile(join(home, 'profiles.json'), 'utf8');
      assert.match(profiles, /"id": "shop app"/);
      assert.ok(!profiles.includes(client.secret));
    });
    assert.equal(running.accessToken, undefined);
    assert.ok(running.received.every(({ path, authorization }) => path === '/orders' || authorization !== undefined));
  });

  it('names the client that is refused, and never its secret', async () => {
    await using running = await startOAuthServer(server);
    await withHome({}, async ({ succeed, run }) => {
      await succeed(['profile', 'add', 'shop', ...from, '--base-url', running.url]);
      const wrong = 'a-wrong-client-secret';
      const { code, stderr } = await run(['-v', 'login', 'shop'], {
        env: { ...env, PARTNER_AUTH_CLIENT_SECRET: wrong },
      });
      assert.equal(code, 2);
      assert.match(stderr, /client/);
      for (const hidden of [wrong, Buffer.from(`${client.id}:${wrong}`).toString('base64')])
        assert.ok(!stderr.includes(hidden), stderr);
    });
  });

  it('says that the client is missing', () =>
    withHome({}, async ({ succeed, run }) => {
      const definition = oauth2Partner({
        id: 'shop-id',
        label: 'Shop',
        tokenPath: '/token',
        grant: 'password',
        client: { send: 'body' },
      });
      await succeed(['partner', 'add', '-'], { input: JSON.stringify(definition) });
      const { code, stderr } = await run([
        ...['profile', 'add', 'shop', '--partner', 'shop-id'],
        ...['--base-url', 'https://id.example'],
      ]);
      assert.equal(code, 2);
      assert.match(stderr, /client.*is missing/);
    }));

  it('keeps no refresh token that a login was made with', async () => {
    await using running = await startOAuthServer(server);
    const partner = oauth2Partner({
      ...{ id: 'shop-id', label: 'Shop', tokenPath: '/oauth2/token' },
      ...{ grant: 'refreshToken', client: { send: 'basic' } },
    });
    await using session = await openSession({
      partner: await passwordPartner(),
      baseUrl: running.url,
      client: identity,
    });
    await session.login(account);
    await withHome({}, async ({ succeed, run }) => {
      const profile = {
        id: 'shop',
        label: 'Shop',
        partner: 'shop-id',
        baseUrl: running.url,
        client: { id: client.id },
      };
      const input = JSON.stringify({ profile, definition: partner });
      await succeed(['profile', 'add', 'shop', '--from', '-'], { input });
      const token = String(running.refreshToken);
      await succeed(['login', 'shop'], { env: { ...secret, PARTNER_AUTH_REFRESH_TOKEN: token } });
      const again = await run(['login', 'shop']);
      assert.equal(again.code, 2);
      assert.match(again.stderr, /PARTNER_AUTH_REFRESH_TOKEN/);
    });
  });
});

async function passwordPartner(): Promise<PartnerDefinition> {
  return (JSON.parse(await readFile(join(folder, 'oauth2.json'), 'utf8')) as { readonly definition: PartnerDefinition })
    .definition;
}
