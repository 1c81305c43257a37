import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  definePartner,
  isPartnerAuthError,
  memoryStore,
  openSession,
  type PartnerDefinition,
} from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { oauthPartner } from '../../helpers/oauth-partner.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { plainCredentials, plainPartner } from '../../helpers/with-partner.ts';
import { catchError } from '../../helpers/with-session.ts';

const plain: PartnerDefinition = { ...plainPartner, logout: { path: '/logout', authorization: 'accessToken' } };
const withHeader: PartnerDefinition = {
  ...plain,
  tokenHeader: { name: 'X-Auth', value: 'Token token="{accessToken}"' },
};

describe('the token header', () => {
  it('has the access token of protected calls, and that of auth calls', () =>
    withRawPartner({ partner: withHeader }, async ({ session, url, received }) => {
      await session.request('/orders', { headers: { authorization: 'Basic of-a-proxy' } });
      await session.fetch(`${url}/orders`);
      await session.signOut();
      assert.deepEqual(
        received.map(({ headers }) => [headers['x-auth'], headers.authorization]),
        [
          [undefined, undefined],
          ['Token token="access-1"', 'Basic of-a-proxy'],
          ['Token token="access-1"', undefined],
          ['Token token="access-1"', undefined],
        ],
      );
    }));

  it('can be set by no call', () =>
    withRawPartner({ partner: withHeader }, async ({ session }) => {
      await assert.rejects(session.request('/orders', { headers: { 'x-auth': 'a' } }), /x-auth is set by the session/);
    }));

  it('may be next to a client that is sent as Basic', () => {
    const partner: PartnerDefinition = { ...withHeader, client: { send: 'basic' } };
    return withRawPartner({ partner, client: { id: 'a', secret: 'secret' } }, async ({ session, received }) => {
      await session.signOut();
      const { headers } = received[1] ?? assert.fail();
      assert.match(headers.authorization ?? '', /^Basic /);
      assert.equal(headers['x-auth'], 'Token token="access-1"');
    });
  });

  it('is checked by the sandbox', async () => {
    const { client: _, ...rest } = oauthPartner;
    const definition: PartnerDefinition = { ...rest, tokenHeader: { name: 'X-Auth', value: '{accessToken}' } };
    await using sandbox = await startSandbox({ definitions: [{ definition }] });
    const profile = sandbox.profiles.oauth;
    assert.ok(profile);
    await using session = await openSession({ ...profile });
    await session.login(profile.credentials);
    assert.equal((await session.request('/orders')).ok, true);
    await using other = await openSession({ ...profile, partner: rest });
    await other.login(profile.credentials);
    assert.notEqual((await other.request('/orders')).ok, true);
  });

  for (const [title, change, setting] of [
    ['no placeholder', { tokenHeader: { name: 'X-Auth', value: 'token' } }, 'partner.tokenHeader.value'],
    ['another placeholder', { tokenHeader: { name: 'X-Auth', value: '{token}' } }, 'partner.tokenHeader.value'],
    ['a line break', { tokenHeader: { name: 'X-Auth', value: '{accessToken}\n' } }, 'partner.tokenHeader.value'],
    [
      'a header of the connection',
      { tokenHeader: { name: 'Host', value: '{accessToken}' } },
      'partner.tokenHeader.name',
    ],
    ['a header of the definition', { ...withHeader, headers: { 'x-auth': 'a' } }, 'partner.headers'],
    ['a string', { tokenHeader: 'X-Auth' }, 'partner.tokenHeader'],
  ] as const) {
    it(`refuses ${title}`, async () => {
      const definition = { ...plain, ...change } as unknown as PartnerDefinition;
      const error = await catchError(Promise.resolve().then(() => definePartner(definition)));
      assert.ok(isPartnerAuthError(error));
      assert.equal(error.setting, setting);
    });
  }
});

describe('the option apiUrl', () => {
  it('is where protected calls go, while auth calls go to baseUrl', () =>
    withRawPartner({}, async (api) =>
      withRawPartner({ partner: plain, apiUrl: `${api.url}/v1/` }, async ({ session, received, url }) => {
        await session.request('/orders', { query: { a: 1 } });
        await session.fetch('/orders');
        await session.fetch(`${api.url}/v1/orders`);
        await assert.rejects(session.fetch(`${url}/orders`), /below apiUrl/);
        await assert.rejects(session.fetch(`${api.url}/v2/orders`), /below apiUrl/);
        await assert.rejects(session.request('/../orders'), /below apiUrl/);
        await session.refresh();
        await session.signOut();
        assert.deepEqual(
          received.map(({ call }) => call),
          ['POST /login', 'POST /refresh', 'POST /logout'],
        );
        assert.deepEqual(
          api.received.slice(1).map(({ call, headers }) => [call, headers.authorization]),
          [
            ['GET /v1/orders?a=1', 'Bearer access-1'],
            ['GET /v1/orders', 'Bearer access-1'],
            ['GET /v1/orders', 'Bearer access-1'],
          ],
        );
      }),
    ));

  it('is bound to the session, as baseUrl is', () =>
    withRawPartner({}, async ({ url }) => {
      const store = memoryStore();
      const options = { partner: plain, baseUrl: url, store };
      const apiUrl = url.replace('127.0.0.1', 'localhost');
      {
        await using session = await openSession({ ...options, apiUrl });
        await session.login(plainCredentials);
      }
      for (const other of [undefined, 'https://elsewhere.example']) {
        const error = await catchError(openSession({ ...options, apiUrl: other }));
        assert.ok(isPartnerAuthError(error));
        assert.equal(error.code, 'store');
        assert.match(error.message, /protected calls are sent to http:\/\/localhost/);
      }
      await using same = await openSession({ ...options, apiUrl: `${apiUrl}/v2` });
      assert.equal(same.status.phase, 'valid');
    }));

  it('cannot be added to a session that has none', () =>
    withRawPartner({}, async ({ url }) => {
      const store = memoryStore();
      {
        await using session = await openSession({ partner: plain, baseUrl: url, store });
        await session.login(plainCredentials);
      }
      await assert.rejects(openSession({ partner: plain, baseUrl: url, store, apiUrl: 'https://elsewhere.example' }), {
        code: 'store',
      });
    }));

  for (const apiUrl of ['http://api.example', 'https://user@api.example', 'api.example', 'https://api.example/?a=1']) {
    it(`cannot be ${apiUrl}`, () =>
      assert.rejects(openSession({ partner: plain, baseUrl: 'https://partner.example', apiUrl }), {
        code: 'configuration',
        setting: 'apiUrl',
      }));
  }
});
