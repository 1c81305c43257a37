import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withOpenssl } from '../../../helpers/platform.ts';
import { assertDefined, frozenClock, lastOutcome, type Json } from '../clients.ts';
import { acmePartners, call, callProtected, loginPayload, refresh, signIn } from './acme-client.ts';
import { acmeForms } from './acme-forms.ts';
import { acmeJson } from './acme-json.ts';

for (const partner of acmePartners) {
  const { id, label } = partner.definition;

  describe(`sandbox ${label} rotation`, withOpenssl, () => {
    it('refuses a used refresh token and keeps the session', async () => {
      await using sandbox = await partner.start();
      const first = await signIn(partner, sandbox);
      await refresh(partner, sandbox, first.refresh);
      const second = assertDefined(sandbox.tokens(id));
      await refresh(partner, sandbox, first.refresh);
      assert.equal(lastOutcome(sandbox), 'replayed');
      await refresh(partner, sandbox, second.refreshToken);
      assert.equal(lastOutcome(sandbox), 'ok');
    });

    it('applies the rotation scenarios', async () => {
      await using sandbox = await partner.start({ rotation: 'reuseDetection' });
      const first = await signIn(partner, sandbox);
      await refresh(partner, sandbox, first.refresh);
      await refresh(partner, sandbox, first.refresh);
      await callProtected(partner, sandbox, first.access);
      assert.equal(lastOutcome(sandbox), 'revoked');
      sandbox.set({ rotation: 'reuseAllowed' });
      const again = await signIn(partner, sandbox);
      for (let i = 0; i < 3; i += 1) await refresh(partner, sandbox, again.refresh);
      assert.equal(lastOutcome(sandbox), 'ok');
    });

    it('returns the same new pair again within the grace time', async () => {
      const clock = frozenClock();
      await using sandbox = await partner.start({ graceTime: 30, clock: clock.read });
      const first = await signIn(partner, sandbox);
      const { plain } = await refresh(partner, sandbox, first.refresh);
      clock.now += 29_000;
      const again = await refresh(partner, sandbox, first.refresh);
      assert.equal(findToken(again.plain), findToken(plain));
      clock.now += 1_000;
      await refresh(partner, sandbox, first.refresh);
      assert.equal(lastOutcome(sandbox), 'replayed');
    });

    it('omits or keeps the refresh token as refreshTokenInResponse says', async () => {
      await using sandbox = await partner.start({ refreshTokenInResponse: 'omitted' });
      const first = await signIn(partner, sandbox);
      const { plain } = await refresh(partner, sandbox, first.refresh);
      assert.doesNotMatch(JSON.stringify(plain), /refresh|renewal/);
      sandbox.set({ refreshTokenInResponse: 'same' });
      const same = await refresh(partner, sandbox, first.refresh);
      assert.ok(JSON.stringify(same.plain).includes(first.refresh));
    });

    it('applies the lifetime scenarios', async () => {
      const clock = frozenClock();
      await using sandbox = await partner.start({ accessLifetime: 5, refreshLifetime: 9, clock: clock.read });
      const { access, refresh: token } = await signIn(partner, sandbox);
      clock.now += 5_000;
      await callProtected(partner, sandbox, access);
      assert.equal(lastOutcome(sandbox), 'expired');
      clock.now += 4_000;
      await refresh(partner, sandbox, token);
      assert.equal(lastOutcome(sandbox), 'expired');
    });
  });
}

describe('sandbox faults with definitions', withOpenssl, () => {
  it('apply to the given definition and call, in its error format', async () => {
    await using sandbox = await acmeJson.start();
    const { refresh: token } = await signIn(acmeJson, sandbox);
    sandbox.fail({ status: 503, retryAfter: '7' }, { partner: 'acme-pay', call: 'refresh' });
    await call(acmeJson, sandbox, 'login', loginPayload(acmeJson));
    assert.equal(lastOutcome(sandbox), 'ok');
    const { status, headers, json } = await refresh(acmeJson, sandbox, token);
    assert.deepEqual([status, headers.get('retry-after')], [503, '7']);
    assert.deepEqual([json.status, (json.error as Json).code], ['error', 'SANDBOX_503']);
    await refresh(acmeJson, sandbox, token);
    assert.equal(lastOutcome(sandbox), 'ok');
  });

  it('rotate the tokens before the response is lost', async () => {
    await using sandbox = await acmeJson.start();
    const { refresh: token } = await signIn(acmeJson, sandbox);
    sandbox.fail('resetAfter', { partner: 'acme-pay' });
    await assert.rejects(refresh(acmeJson, sandbox, token));
    await refresh(acmeJson, sandbox, token);
    assert.equal(lastOutcome(sandbox), 'replayed');
  });

  it('rewrite a response before it is encrypted', async () => {
    await using sandbox = await acmeForms.start();
    sandbox.fail({ rewrite: (response) => ({ ...(response as Json), ok: 'maybe' }) }, { partner: 'acme-forms' });
    const { plain } = await call(acmeForms, sandbox, 'login', loginPayload(acmeForms));
    assert.equal(plain.ok, 'maybe');
  });
});

function findToken(plain: Json): string {
  return assertDefined(/eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(JSON.stringify(plain))?.[0]);
}
