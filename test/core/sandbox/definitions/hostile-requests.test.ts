import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withOpenssl } from '../../../helpers/platform.ts';
import { startSandbox } from '../../../../core/sandbox/index.ts';
import { assertDefined, send } from '../clients.ts';
import { acmePartners, call, loginPayload } from './acme-client.ts';
import { acmeForms } from './acme-forms.ts';
import { acmeJson } from './acme-json.ts';

const paths = [
  ['POST', '/acme/v2/session'],
  ['DELETE', '/acme/v2/session'],
  ['PUT', '/acme/v2/session/renew'],
  ['POST', '/acme/v2/orders'],
  ['POST', '/forms/login'],
  ['POST', '/forms/orders?%E0%A4%A=1'],
  ['POST', '/cloud/auth'],
  ['POST', '/cloud/auth/otp'],
  ['GET', '/cloud/captcha'],
] as const;

const bodies = [
  '',
  '{',
  'null',
  '[]',
  '{"payload":"00","__proto__":{"payload":"00"}}',
  '{"payload":{},"encryptedPayload":[],"details":1,"iv":{}}',
  '{"encryptedPayload":"U2FsdGVkX18AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","clientId":"client-X"}',
  'details=00&iv=00&merchant_id=X&version=1.0',
  'merchant_id=X&merchant_id=X&version=1.0&details[]=00&__proto__=1&%ff=%',
  '['.repeat(20_000),
  '\u0000\u0001\uFFFF',
];

const types = ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ';;;'];

describe('sandbox definitions with hostile requests', withOpenssl, () => {
  it('do not crash on malformed requests', async () => {
    const definitions = acmePartners.map(({ definition }) => ({ definition, partnerCode: 'X' }));
    await using sandbox = await startSandbox({ definitions });
    const constantHeaders = {
      'x-merchant': 'X',
      'x-api-version': '2',
      authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.',
    };
    for (const [method, path] of paths) {
      for (const body of bodies) {
        const requests = types.map((type) => {
          const headers = { ...constantHeaders, 'content-type': type };
          return send(sandbox.url + path, method === 'GET' ? { headers } : { method, headers, body });
        });
        await Promise.all(requests);
      }
    }
    assert.equal(sandbox.journal.length, paths.length * bodies.length * types.length);
    const bad = sandbox.journal.filter(
      ({ outcome, call }) => outcome === 'crashed' || (outcome === 'ok' && call !== 'captcha'),
    );
    assert.deepEqual(bad, []);
  });

  it('refuse invalid payloads in valid ciphertext', async () => {
    await using sandbox = await acmeJson.start();
    for (const payload of [null, [], 'text', 7, true, { __proto__: 1 }, { merchant_email: {}, api_secret: [] }]) {
      const { status } = await call(acmeJson, sandbox, 'login', payload as never);
      assert.equal(status, 422);
      assert.equal(assertDefined(sandbox.journal.at(-1)).outcome, 'validation');
    }
  });

  it('treat an empty query string as a payload without fields', async () => {
    await using sandbox = await acmeForms.start();
    const { json } = await call(acmeForms, sandbox, 'login', {});
    assert.equal(json.why, 'incomplete');
    await call(acmeForms, sandbox, 'login', loginPayload(acmeForms));
    assert.equal(assertDefined(sandbox.journal.at(-1)).outcome, 'ok');
  });
});
