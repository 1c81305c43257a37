import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Sandbox } from '../../../../core/sandbox/index.ts';
import { lastOutcome, must, send, type Json, type Reply } from '../clients.ts';
import { call, loginPayload, refresh, shapes, signIn, useToken } from './acme.ts';
import { formShape } from './form-shape.ts';
import { jsonShape } from './json-shape.ts';
import { saltedShape } from './salted-shape.ts';
import type { Shape } from './shape.ts';

/** Status, and code or text: what the definition's rules go by. */
const told = {
  'acme-pay': ({ status, json }: Reply) => [status, (json.error as Json).code],
  'acme-forms': ({ status, json }: Reply) => [status, json.why],
  'acme-cloud': ({ status, json }: Reply) => [status, json.code],
} as const;

type Situation =
  'credentials' | 'renewal' | 'bearer' | 'cipher' | 'field' | 'account' | 'accountOnCall' | 'accountOnRefresh';

const expected: Readonly<Record<keyof typeof told, Readonly<Record<Situation, readonly unknown[]>>>> = {
  'acme-pay': {
    credentials: [401, 'E_LOGIN'],
    renewal: [410, 'E_RENEWAL'],
    bearer: [401, 'E_TOKEN'],
    cipher: [400, 'E_CRYPT'],
    field: [422, 'E_FIELDS'],
    account: [403, 'E_LOCKED'],
    // Without a rule for it: a plain status.
    accountOnCall: [403, 'SANDBOX_403'],
    accountOnRefresh: [403, 'E_LOCKED'],
  },
  'acme-forms': {
    credentials: [200, 'no such merchant'],
    renewal: [200, 'start again'],
    bearer: [200, 'token please'],
    cipher: [200, 'unreadable details'],
    field: [200, 'incomplete'],
    account: [200, 'merchant closed'],
    accountOnCall: [200, 'merchant closed'],
    accountOnRefresh: [200, 'merchant closed'],
  },
  'acme-cloud': {
    credentials: [200, 4010],
    renewal: [200, 4019],
    bearer: [200, 4010],
    cipher: [200, 4000],
    field: [200, 4001],
    account: [200, 4030],
    accountOnCall: [200, 4030],
    accountOnRefresh: [200, 4030],
  },
};

for (const shape of shapes) {
  const id = shape.definition.id as keyof typeof told;
  const wants = (situation: Situation, reply: Reply, sandbox: Sandbox, outcome: string): void => {
    assert.deepEqual([...told[id](reply), lastOutcome(sandbox)], [...expected[id][situation], outcome]);
    const { success } = shape.definition.response;
    assert.notEqual(reply.json[must(success).field], must(success).equals);
  };

  describe(`sandbox ${shape.definition.label}, refusing`, () => {
    it('refuses each wrong credential', async () => {
      await using sandbox = await shape.start();
      for (const name of ['merchant_email', 'api_secret']) {
        const reply = await call(shape, sandbox, 'login', loginPayload(shape, { [name]: 'wrong' }));
        wants('credentials', reply, sandbox, 'badCredentials');
      }
    });

    it('refuses refresh tokens that are forged, expired, revoked or access tokens', async () => {
      await using sandbox = await shape.start();
      const { access, refresh: token } = await signIn(shape, sandbox);
      for (const wrong of ['x', `${token.slice(0, -4)}AAAA`, access]) {
        wants('renewal', await refresh(shape, sandbox, wrong), sandbox, 'badToken');
      }
      sandbox.revoke(id);
      wants('renewal', await refresh(shape, sandbox, token), sandbox, 'revoked');
      const next = await signIn(shape, sandbox);
      sandbox.advance(2_592_000);
      wants('renewal', await refresh(shape, sandbox, next.refresh), sandbox, 'expired');
    });

    it('refuses bearers that are missing, forged, expired or refresh tokens', async () => {
      await using sandbox = await shape.start();
      const { access, refresh: token } = await signIn(shape, sandbox);
      for (const wrong of ['', 'x.y.z', `${access.slice(0, -4)}AAAA`, token]) {
        wants('bearer', await useToken(shape, sandbox, wrong), sandbox, 'badToken');
      }
      sandbox.advance(3600);
      wants('bearer', await useToken(shape, sandbox, access), sandbox, 'expired');
    });

    it('answers every bad ciphertext alike', async () => {
      await using sandbox = await shape.start();
      const other = { ...loginPayload(shape) };
      for (const ciphertext of ['00', 'zz', '@', 'A'.repeat(64), '0'.repeat(64), 'U2FsdGVkX18=']) {
        wants('cipher', await call(shape, sandbox, 'login', other, { ciphertext }), sandbox, 'badCiphertext');
        wants('cipher', await call(shape, sandbox, 'refresh', other, { ciphertext }), sandbox, 'badCiphertext');
      }
      if (shape.definition.example?.payload === undefined) return;
      const { access } = await signIn(shape, sandbox);
      wants('cipher', await useToken(shape, sandbox, access, { ciphertext: '00' }), sandbox, 'badCiphertext');
    });

    it('refuses a login that lacks a field', async () => {
      await using sandbox = await shape.start();
      for (const name of Object.keys(loginPayload(shape))) {
        const { [name]: _, ...rest } = loginPayload(shape);
        wants('field', await call(shape, sandbox, 'login', rest), sandbox, 'validation');
      }
      const { method = 'POST', path } = shape.definition.login;
      wants('field', await send(sandbox.url + path, { ...shape.seal({}), method, body: '' }), sandbox, 'validation');
    });

    it('refuses an account that is not active, everywhere', async () => {
      await using sandbox = await shape.start();
      const { access, refresh: token } = await signIn(shape, sandbox);
      for (const accountState of ['inactive', 'blocked', 'gone'] as const) {
        sandbox.set({ accountState });
        const login = await call(shape, sandbox, 'login', loginPayload(shape));
        wants('account', login, sandbox, 'accountNotActive');
        wants('accountOnRefresh', await refresh(shape, sandbox, token), sandbox, 'accountNotActive');
        wants('accountOnCall', await useToken(shape, sandbox, access), sandbox, 'accountNotActive');
      }
    });
  });
}

async function refusedFor(shape: Shape, changes: Parameters<typeof call>[4]): Promise<readonly unknown[]> {
  await using sandbox = await shape.start();
  const reply = await call(shape, sandbox, 'login', loginPayload(shape), changes);
  return [...told[shape.definition.id as keyof typeof told](reply), lastOutcome(sandbox)];
}

describe('sandbox envelopes and headers by definition', () => {
  it('answers a bad ciphertext with the exact text of the rule', async () => {
    await using sandbox = await jsonShape.start();
    const { json } = await call(jsonShape, sandbox, 'login', {}, { ciphertext: '00' });
    const { trace, ...rest } = json;
    assert.match(String(trace), /^[0-9a-f-]{36}$/);
    assert.deepEqual(rest, { status: 'error', error: { text: 'Cannot decrypt', code: 'E_CRYPT' } });
  });

  it('wants the partner code in its header, on every call', async () => {
    for (const code of ['', 'ACME-8']) {
      const reply = await refusedFor(jsonShape, { headers: { 'x-merchant': code } });
      assert.deepEqual(reply, [403, 'E_MERCHANT', 'wrongPartnerCode']);
    }
    await using sandbox = await jsonShape.start();
    const { access } = await signIn(jsonShape, sandbox);
    const reply = await useToken(jsonShape, sandbox, access, { headers: { 'x-merchant': 'ACME-8' } });
    assert.deepEqual(told['acme-pay'](reply), [403, 'E_MERCHANT']);
  });

  it('wants its constant headers', async () => {
    assert.deepEqual(await refusedFor(jsonShape, { headers: { 'x-api-version': '1' } }), [
      422,
      'E_FIELDS',
      'validation',
    ]);
  });

  it('wants the partner code in its field, and the other constant fields', async () => {
    for (const merchant_id of [undefined, '', 'ACME-8']) {
      assert.deepEqual(await refusedFor(formShape, { fields: { merchant_id } }), [
        200,
        'who are you',
        'wrongPartnerCode',
      ]);
    }
    assert.deepEqual(await refusedFor(formShape, { fields: { version: '2.0' } }), [200, 'incomplete', 'validation']);
    const clientId = await refusedFor(saltedShape, { fields: { clientId: 'client-x' } });
    assert.deepEqual(clientId, [403, 90_403, 'wrongPartnerCode']);
  });

  it('wants the IV in its field', async () => {
    assert.deepEqual(await refusedFor(formShape, { fields: { iv: undefined } }), [200, 'incomplete', 'validation']);
    for (const iv of ['00', 'zz'.repeat(16)]) {
      assert.deepEqual(await refusedFor(formShape, { fields: { iv } }), [200, 'unreadable details', 'badCiphertext']);
    }
  });

  it('wants the envelope in its form', async () => {
    const asJson = { headers: { 'content-type': 'application/json' } };
    assert.deepEqual(await refusedFor(formShape, asJson), [200, 'incomplete', 'validation']);
    const asForm = { headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    assert.deepEqual(await refusedFor(jsonShape, asForm), [422, 'E_FIELDS', 'validation']);
  });

  it('reads ciphertexts and IVs in either case of hex', async () => {
    await using sandbox = await formShape.start();
    const init = formShape.seal(loginPayload(formShape));
    const fields = [...(init.body as URLSearchParams)];
    const lower = fields.map(([name, value]): [string, string] => [
      name,
      ['details', 'iv'].includes(name) ? value.toLowerCase() : value,
    ]);
    const { status } = await send(`${sandbox.url}/forms/login`, { method: 'POST', body: new URLSearchParams(lower) });
    assert.deepEqual([status, lastOutcome(sandbox)], [200, 'ok']);
  });

  it('counts an optional credential once it is sent and known', async () => {
    await using sandbox = await jsonShape.start();
    await call(jsonShape, sandbox, 'login', loginPayload(jsonShape, { note: 'anything' }));
    assert.equal(lastOutcome(sandbox), 'ok');
  });

  it('answers 404 in its own form under its folder, and on its paths with another method', async () => {
    for (const shape of shapes) {
      await using sandbox = await shape.start();
      const { id, login } = shape.definition;
      const folder = login.path.split('/')[1];
      for (const path of [`/${must(folder)}${id === 'acme-pay' ? '/v2' : ''}/nothing`, login.path]) {
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
