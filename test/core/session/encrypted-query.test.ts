import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createCipher,
  definePartner,
  isPartnerAuthError,
  openSession,
  type CipherSettings,
  type EncryptedQuery,
  type PartnerDefinition,
} from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { plainPartner } from '../../helpers/with-partner.ts';
import { catchError } from '../../helpers/with-session.ts';

const cipher: CipherSettings = { key: 'k'.repeat(32), iv: { from: 'key' } };
const asQuery: EncryptedQuery = { form: 'encrypted', field: 'data' };
const asJson: EncryptedQuery = { ...asQuery, payload: 'json' };

/** What an encrypting partner receives as the query of a call. */
async function receivedQuery(
  requestQuery: EncryptedQuery,
  path: string,
  query?: Readonly<Record<string, string | number | boolean | readonly string[]>>,
  viaFetch = false,
): Promise<string> {
  let plain = '';
  const partner = definePartner({ ...plainPartner, requestQuery });
  await withRawPartner({ partner, cipher }, async ({ session, url, received }) => {
    if (viaFetch) await session.fetch(url + path);
    else await session.request(path, { query });
    const { pathname, searchParams } = new URL(received.at(-1)?.call.replace('GET ', url) ?? '');
    assert.deepEqual([pathname, ...searchParams.keys()], ['/orders', 'data']);
    plain = createCipher(cipher).decrypt(searchParams.get('data') ?? '');
  });
  return plain;
}

describe('a query that the partner definition encrypts', () => {
  it('is one parameter with the encrypted query string, that of the path included', async () => {
    assert.equal(
      await receivedQuery(asQuery, '/orders', { q: 'a b&c', n: 1, list: ['x', 'y'] }),
      'q=a%20b%26c&n=1&list=x&list=y',
    );
    assert.equal(await receivedQuery(asQuery, '/orders?a=1+2&b=%3F?', { c: true }), 'a=1%202&b=%3F%3F&c=true');
    assert.equal(await receivedQuery(asQuery, '/orders?a=1', undefined, true), 'a=1');
  });

  it('is JSON of its fields if the definition says so', async () => {
    assert.equal(
      await receivedQuery(asJson, '/orders?a=1', { n: 1, b: false, list: ['x', 'y'] }),
      '{"a":"1","n":1,"b":false,"list":["x","y"]}',
    );
  });

  it('has a parameter for the IV if the cipher has a field for it', () => {
    const settings: CipherSettings = { key: 'k'.repeat(32), iv: { from: 'field', name: 'iv' } };
    const partner = definePartner({ ...plainPartner, requestQuery: asQuery });
    return withRawPartner({ partner, cipher: settings }, async ({ session, url, received }) => {
      await session.request('/orders', { query: { a: 1 } });
      const { searchParams } = new URL(received.at(-1)?.call.replace('GET ', url) ?? '');
      assert.equal(createCipher(settings).decrypt(searchParams.get('data') ?? '', searchParams.get('iv') ?? ''), 'a=1');
    });
  });

  it('is absent without parameters, and not encrypted in the path of a login', () => {
    const partner = definePartner({ ...plainPartner, login: { path: '/login?v=1' }, requestQuery: asQuery });
    return withRawPartner({ partner, cipher, signedIn: false }, async ({ session, calls, on }) => {
      on('POST /login?v=1', (response) => response.end('{"access":"a","refresh":"r","expires":3600}'));
      await session.login({ user: 'a', password: 'b' });
      await session.request('/orders', { query: {} });
      assert.deepEqual(calls(), ['POST /login?v=1', 'GET /orders']);
    });
  });

  it('requires a cipher', async () => {
    const partner: PartnerDefinition = definePartner({ ...plainPartner, requestQuery: asQuery });
    const error = await catchError(openSession({ partner, baseUrl: 'http://127.0.0.1:9' }));
    assert.ok(isPartnerAuthError(error));
    assert.deepEqual([error.code, error.setting], ['configuration', 'cipher']);
  });

  for (const requestQuery of [asQuery, asJson]) {
    it(`is read by the sandbox as ${requestQuery.payload ?? 'query'}, which refuses another one`, async () => {
      const example = { method: 'GET', path: '/orders', safe: true } as const;
      const plainDefinition = definePartner({ ...plainPartner, id: 'query-partner', example });
      const definition = definePartner({ ...plainDefinition, requestQuery });
      await using sandbox = await startSandbox({ definitions: [{ definition, cipher: { iv: { from: 'key' } } }] });
      const profile = sandbox.profiles['query-partner'];
      assert.ok(profile !== undefined);
      const query = { page: '2' };
      await using session = await openSession({ ...profile });
      await session.login({ ...profile.credentials });
      const { ok, body } = await session.request<{ query: unknown }>('/orders', { query });
      assert.deepEqual([ok, body.query], [true, query]);
      await using plain = await openSession({ ...profile, partner: plainDefinition });
      await plain.login({ ...profile.credentials });
      assert.equal((await plain.request('/orders', { query })).ok, false);
    });
  }
});
