import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withOpenssl } from '../../../helpers/platform.ts';
import type { Sandbox } from '../../../../core/sandbox/index.ts';
import { assertDefined, lastOutcome, send, type Json, type Reply } from '../clients.ts';
import { acmePartners, call, callProtected, loginPayload, refresh, signIn } from './acme-client.ts';
import { acmeForms } from './acme-forms.ts';
import { acmeJson } from './acme-json.ts';
import { acmeSalted } from './acme-salted.ts';
import type { AcmePartner } from './acme-partner.ts';

/** Returns the status, and the code or message that the definition's error rules match. */
const errorOf = {
  'acme-pay': ({ status, json }: Reply) => [status, (json.error as Json).code],
  'acme-forms': ({ status, json }: Reply) => [status, json.why],
  'acme-cloud': ({ status, json }: Reply) => [status, json.code],
} as const;

type RefusalReason =
  | 'credentials'
  | 'refreshToken'
  | 'accessToken'
  | 'cipher'
  | 'field'
  | 'account'
  | 'accountOnCall'
  | 'accountOnRefresh';

const expected: Readonly<Record<keyof typeof errorOf, Readonly<Record<RefusalReason, readonly unknown[]>>>> = {
  'acme-pay': {
    credentials: [401, 'E_LOGIN'],
    refreshToken: [410, 'E_RENEWAL'],
    accessToken: [401, 'E_TOKEN'],
    cipher: [400, 'E_CRYPT'],
    field: [422, 'E_FIELDS'],
    account: [403, 'E_LOCKED'],
    // No rule matches, so the status is the default one.
    accountOnCall: [403, 'SANDBOX_403'],
    accountOnRefresh: [403, 'E_LOCKED'],
  },
  'acme-forms': {
    credentials: [200, 'no such merchant'],
    refreshToken: [200, 'start again'],
    accessToken: [200, 'token please'],
    cipher: [200, 'unreadable details'],
    field: [200, 'incomplete'],
    account: [200, 'merchant closed'],
    accountOnCall: [200, 'merchant closed'],
    accountOnRefresh: [200, 'merchant closed'],
  },
  'acme-cloud': {
    credentials: [200, 4010],
    refreshToken: [200, 4019],
    accessToken: [200, 4010],
    cipher: [200, 4000],
    field: [200, 4001],
    account: [200, 4030],
    accountOnCall: [200, 4030],
    accountOnRefresh: [200, 4030],
  },
};

for (const partner of acmePartners) {
  const id = partner.definition.id as keyof typeof errorOf;
  const assertRefusal = (reason: RefusalReason, reply: Reply, sandbox: Sandbox, outcome: string): void => {
    assert.deepEqual([...errorOf[id](reply), lastOutcome(sandbox)], [...expected[id][reason], outcome]);
    const { success } = partner.definition.response;
    assert.notEqual(reply.json[assertDefined(success).field], assertDefined(success).equals);
  };

  describe(`sandbox ${partner.definition.label} errors`, withOpenssl, () => {
    it('refuses each wrong credential', async () => {
      await using sandbox = await partner.start();
      for (const name of ['merchant_email', 'api_secret']) {
        const reply = await call(partner, sandbox, 'login', loginPayload(partner, { [name]: 'wrong' }));
        assertRefusal('credentials', reply, sandbox, 'badCredentials');
      }
    });

    it('refuses refresh tokens that are forged, expired, revoked or access tokens', async () => {
      await using sandbox = await partner.start();
      const { access, refresh: token } = await signIn(partner, sandbox);
      for (const wrong of ['x', `${token.slice(0, -4)}AAAA`, access]) {
        assertRefusal('refreshToken', await refresh(partner, sandbox, wrong), sandbox, 'badToken');
      }
      sandbox.revoke(id);
      assertRefusal('refreshToken', await refresh(partner, sandbox, token), sandbox, 'revoked');
      const next = await signIn(partner, sandbox);
      sandbox.advance(2_592_000);
      assertRefusal('refreshToken', await refresh(partner, sandbox, next.refresh), sandbox, 'expired');
    });

    it('refuses access tokens that are missing, forged, expired or refresh tokens', async () => {
      await using sandbox = await partner.start();
      const { access, refresh: token } = await signIn(partner, sandbox);
      for (const wrong of ['', 'x.y.z', `${access.slice(0, -4)}AAAA`, token]) {
        assertRefusal('accessToken', await callProtected(partner, sandbox, wrong), sandbox, 'badToken');
      }
      sandbox.advance(3600);
      assertRefusal('accessToken', await callProtected(partner, sandbox, access), sandbox, 'expired');
    });

    it('sends the same response for every invalid ciphertext', async () => {
      await using sandbox = await partner.start();
      const payload = loginPayload(partner);
      for (const ciphertext of ['00', 'zz', '@', 'A'.repeat(64), '0'.repeat(64), 'U2FsdGVkX18=']) {
        assertRefusal(
          'cipher',
          await call(partner, sandbox, 'login', payload, { ciphertext }),
          sandbox,
          'badCiphertext',
        );
        assertRefusal(
          'cipher',
          await call(partner, sandbox, 'refresh', payload, { ciphertext }),
          sandbox,
          'badCiphertext',
        );
      }
      if (partner.definition.example?.payload === undefined) return;
      const { access } = await signIn(partner, sandbox);
      assertRefusal(
        'cipher',
        await callProtected(partner, sandbox, access, { ciphertext: '00' }),
        sandbox,
        'badCiphertext',
      );
    });

    it('refuses a login without a required field', async () => {
      await using sandbox = await partner.start();
      for (const name of Object.keys(loginPayload(partner))) {
        const { [name]: _, ...rest } = loginPayload(partner);
        assertRefusal('field', await call(partner, sandbox, 'login', rest), sandbox, 'validation');
      }
      const { method = 'POST', path } = partner.definition.login;
      assertRefusal(
        'field',
        await send(sandbox.url + path, { ...partner.encode({}), method, body: '' }),
        sandbox,
        'validation',
      );
    });

    it('refuses an account that is not active, on every call', async () => {
      await using sandbox = await partner.start();
      const { access, refresh: token } = await signIn(partner, sandbox);
      for (const accountState of ['inactive', 'blocked', 'gone'] as const) {
        sandbox.set({ accountState });
        const login = await call(partner, sandbox, 'login', loginPayload(partner));
        assertRefusal('account', login, sandbox, 'accountNotActive');
        assertRefusal('accountOnRefresh', await refresh(partner, sandbox, token), sandbox, 'accountNotActive');
        assertRefusal('accountOnCall', await callProtected(partner, sandbox, access), sandbox, 'accountNotActive');
      }
    });
  });
}

async function loginRefusal(partner: AcmePartner, changes: Parameters<typeof call>[4]): Promise<readonly unknown[]> {
  await using sandbox = await partner.start();
  const reply = await call(partner, sandbox, 'login', loginPayload(partner), changes);
  return [...errorOf[partner.definition.id as keyof typeof errorOf](reply), lastOutcome(sandbox)];
}

describe('sandbox envelopes and headers with definitions', withOpenssl, () => {
  it('responds to an invalid ciphertext with the exact message of the rule', async () => {
    await using sandbox = await acmeJson.start();
    const { json } = await call(acmeJson, sandbox, 'login', {}, { ciphertext: '00' });
    const { trace, ...rest } = json;
    assert.match(String(trace), /^[0-9a-f-]{36}$/);
    assert.deepEqual(rest, { status: 'error', error: { text: 'Cannot decrypt', code: 'E_CRYPT' } });
  });

  it('requires the partner code in its header on every call', async () => {
    for (const code of ['', 'ACME-8']) {
      const reply = await loginRefusal(acmeJson, { headers: { 'x-merchant': code } });
      assert.deepEqual(reply, [403, 'E_MERCHANT', 'wrongPartnerCode']);
    }
    await using sandbox = await acmeJson.start();
    const { access } = await signIn(acmeJson, sandbox);
    const reply = await callProtected(acmeJson, sandbox, access, { headers: { 'x-merchant': 'ACME-8' } });
    assert.deepEqual(errorOf['acme-pay'](reply), [403, 'E_MERCHANT']);
  });

  it('requires its constant headers', async () => {
    assert.deepEqual(await loginRefusal(acmeJson, { headers: { 'x-api-version': '1' } }), [
      422,
      'E_FIELDS',
      'validation',
    ]);
  });

  it('requires the partner code and the other constant fields in the envelope', async () => {
    for (const merchant_id of [undefined, '', 'ACME-8']) {
      assert.deepEqual(await loginRefusal(acmeForms, { fields: { merchant_id } }), [
        200,
        'who are you',
        'wrongPartnerCode',
      ]);
    }
    assert.deepEqual(await loginRefusal(acmeForms, { fields: { version: '2.0' } }), [200, 'incomplete', 'validation']);
    const clientId = await loginRefusal(acmeSalted, { fields: { clientId: 'client-x' } });
    assert.deepEqual(clientId, [403, 90_403, 'wrongPartnerCode']);
  });

  it('requires the IV in its field', async () => {
    assert.deepEqual(await loginRefusal(acmeForms, { fields: { iv: undefined } }), [200, 'incomplete', 'validation']);
    for (const iv of ['00', 'zz'.repeat(16)]) {
      assert.deepEqual(await loginRefusal(acmeForms, { fields: { iv } }), [200, 'unreadable details', 'badCiphertext']);
    }
  });

  it('requires the content type of the envelope', async () => {
    const asJson = { headers: { 'content-type': 'application/json' } };
    assert.deepEqual(await loginRefusal(acmeForms, asJson), [200, 'incomplete', 'validation']);
    const asForm = { headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    assert.deepEqual(await loginRefusal(acmeJson, asForm), [422, 'E_FIELDS', 'validation']);
  });

  it('accepts ciphertexts and IVs as hex in either case', async () => {
    await using sandbox = await acmeForms.start();
    const init = acmeForms.encode(loginPayload(acmeForms));
    const fields = [...(init.body as URLSearchParams)];
    const lower = fields.map(([name, value]): [string, string] => [
      name,
      ['details', 'iv'].includes(name) ? value.toLowerCase() : value,
    ]);
    const { status } = await send(`${sandbox.url}/forms/login`, { method: 'POST', body: new URLSearchParams(lower) });
    assert.deepEqual([status, lastOutcome(sandbox)], [200, 'ok']);
  });

  it('ignores an optional credential that the account does not have', async () => {
    await using sandbox = await acmeJson.start();
    await call(acmeJson, sandbox, 'login', loginPayload(acmeJson, { note: 'anything' }));
    assert.equal(lastOutcome(sandbox), 'ok');
  });

  it('responds 404 in its own format below its folder, and on its paths with another method', async () => {
    for (const partner of acmePartners) {
      await using sandbox = await partner.start();
      const { id, login } = partner.definition;
      const folder = login.path.split('/')[1];
      for (const path of [`/${assertDefined(folder)}${id === 'acme-pay' ? '/v2' : ''}/nothing`, login.path]) {
        const { status, json } = await send(sandbox.url + path);
        assert.equal(status, 404);
        assert.notEqual(Object.keys(json).length, 0);
        assert.deepEqual([sandbox.journal.at(-1)?.partner, lastOutcome(sandbox)], [id, 'notFound']);
      }
      await send(`${sandbox.url}/nowhere`);
      assert.equal(sandbox.journal.at(-1)?.partner, undefined);
    }
  });
});
