import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  definePartner,
  isPartnerAuthError,
  oauth2Partner,
  openSession,
  type OAuth2Options,
  type SessionOptions,
} from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { catchError } from '../../helpers/with-session.ts';

const options: OAuth2Options = {
  id: 'shop-id',
  label: 'Shop ID',
  tokenPath: '/oauth/token',
  revocationPath: '/oauth/revoke',
  grant: 'password',
  client: { send: 'basic' },
};
const client = { id: 'shop', secret: 'S3cret-of-the-shop' };

describe('oauth2Partner', () => {
  for (const grant of ['password', 'clientCredentials', 'refreshToken'] as const) {
    it(`makes a definition that definePartner() accepts for ${grant}`, () => {
      const definition = oauth2Partner({ ...options, grant, scope: 'a b' });
      assert.deepEqual(definePartner(definition), definition);
      assert.deepEqual(JSON.parse(JSON.stringify(definition)), definition);
    });
  }

  it('signs in by password, refreshes and revokes at the sandbox', async () => {
    const definition = oauth2Partner(options);
    await using sandbox = await startSandbox({ definitions: [{ definition, client }] });
    const profile = sandbox.profiles['shop-id'];
    assert.ok(profile);
    await using session = await openSession({ ...profile });
    await assert.rejects(session.login({ ...profile.credentials, password: 'wrong' }), { code: 'invalidCredentials' });
    await session.login(profile.credentials);
    const old = sandbox.tokens('shop-id')?.refreshToken ?? '';
    await session.refresh();
    await assert.rejects(session.adopt({ refreshToken: old }), { code: 'sessionEnded' });
    assert.deepEqual(await session.signOut(), { revoked: true });
  });

  it('sends what RFC 6749 and RFC 7009 say', () => {
    const partner = oauth2Partner({ ...options, client: { send: 'body' }, scope: 'orders mail' });
    return withRawPartner({ partner, client, signedIn: false }, async ({ session, received, on }) => {
      on('POST /oauth/token', (response, number) =>
        response.end(JSON.stringify({ access_token: `a${number}`, refresh_token: `r${number}`, expires_in: 60 })),
      );
      on('POST /oauth/revoke', (response) => response.end());
      await session.login({ username: 'ann', password: 'p&q' });
      await session.refresh();
      await session.request('/orders', { payload: { a: 1 } });
      assert.deepEqual(await session.signOut(), { revoked: true });
      const identity = 'client_id=shop&client_secret=S3cret-of-the-shop';
      assert.deepEqual(
        received.map(({ body }) => String(body)),
        [
          `username=ann&password=p%26q&${identity}&grant_type=password&scope=orders+mail`,
          `refresh_token=r1&${identity}&grant_type=refresh_token`,
          '{"a":1}',
          `token=r2&${identity}&token_type_hint=refresh_token`,
        ],
      );
    });
  });

  it('gets tokens by client credentials, again when they are due, and revokes the last one', async () => {
    const clock = manualClock();
    const given: Partial<SessionOptions> = {
      partner: oauth2Partner({ ...options, grant: 'clientCredentials' }),
      client,
      clock,
    };
    await withRawPartner({ ...given, signedIn: false }, async ({ session, received, on }) => {
      on('POST /oauth/token', (response, number) =>
        response.end(JSON.stringify({ access_token: `a${number}`, expires_in: 60 })),
      );
      on('POST /oauth/revoke', (response) => response.end());
      await session.login({});
      assert.equal(await session.accessToken(), 'a1');
      clock.advance(61_000);
      assert.equal(await session.accessToken(), 'a2');
      assert.deepEqual(await session.signOut(), { revoked: true });
      assert.deepEqual(
        received.map(({ body }) => String(body)),
        ['grant_type=client_credentials', 'grant_type=client_credentials', 'token=a2&token_type_hint=access_token'],
      );
    });
  });

  it('continues with a refresh token from elsewhere', () => {
    const partner = oauth2Partner({ ...options, grant: 'refreshToken' });
    return withRawPartner({ partner, client, signedIn: false }, async ({ session, received, on }) => {
      on('POST /oauth/token', (response, number) =>
        response.end(JSON.stringify({ access_token: `a${number}`, refresh_token: `r${number}`, expires_in: 60 })),
      );
      await session.login({ refresh_token: 'from-elsewhere' });
      await session.adopt({ refreshToken: 'another-one' });
      assert.equal(await session.accessToken(), 'a2');
      assert.deepEqual(
        received.map(({ body }) => String(body)),
        ['refresh_token=from-elsewhere&grant_type=refresh_token', 'refresh_token=another-one&grant_type=refresh_token'],
      );
    });
  });

  for (const [title, change, setting] of [
    ['an unknown grant', { grant: 'implicit' }, 'grant'],
    ['client credentials without a client', { grant: 'clientCredentials', client: undefined }, 'client'],
    ['a path that is a URL', { tokenPath: 'https://id.example/token' }, 'partner.login.path'],
    ['another way to send the client', { client: { send: 'header' } }, 'partner.client.send'],
  ] as const) {
    it(`refuses ${title}`, async () => {
      const error = await catchError(
        Promise.resolve().then(() => oauth2Partner({ ...options, ...change } as unknown as OAuth2Options)),
      );
      assert.ok(isPartnerAuthError(error), String(error));
      assert.deepEqual([error.code, error.setting], ['configuration', setting]);
    });
  }

  it('refuses an unknown option', () => {
    assert.throws(() => oauth2Partner({ ...options, tokenUrl: '/token' } as OAuth2Options), {
      name: 'TypeError',
      message: /tokenUrl/,
    });
  });
});
