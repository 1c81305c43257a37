import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lastOutcome, must, stoppedClock, type Json } from '../clients.ts';
import { call, loginPayload, refresh, shapes, signIn, useToken } from './acme.ts';
import { formShape } from './form-shape.ts';
import { jsonShape } from './json-shape.ts';

for (const shape of shapes) {
  const { id, label } = shape.definition;

  describe(`sandbox ${label}, rotating`, () => {
    it('refuses a refresh token used twice, and keeps the session', async () => {
      await using sandbox = await shape.start();
      const first = await signIn(shape, sandbox);
      await refresh(shape, sandbox, first.refresh);
      const second = must(sandbox.tokens(id));
      await refresh(shape, sandbox, first.refresh);
      assert.equal(lastOutcome(sandbox), 'replayed');
      await refresh(shape, sandbox, second.refreshToken);
      assert.equal(lastOutcome(sandbox), 'ok');
    });

    it('follows the rotation scenarios', async () => {
      await using sandbox = await shape.start({ rotation: 'reuseDetection' });
      const first = await signIn(shape, sandbox);
      await refresh(shape, sandbox, first.refresh);
      await refresh(shape, sandbox, first.refresh);
      await useToken(shape, sandbox, first.access);
      assert.equal(lastOutcome(sandbox), 'revoked');
      sandbox.set({ rotation: 'reuseAllowed' });
      const again = await signIn(shape, sandbox);
      for (let i = 0; i < 3; i += 1) await refresh(shape, sandbox, again.refresh);
      assert.equal(lastOutcome(sandbox), 'ok');
    });

    it('gives the same new pair again within the grace time', async () => {
      const clock = stoppedClock();
      await using sandbox = await shape.start({ graceTime: 30, clock: clock.read });
      const first = await signIn(shape, sandbox);
      const { plain } = await refresh(shape, sandbox, first.refresh);
      clock.now += 29_000;
      const again = await refresh(shape, sandbox, first.refresh);
      assert.equal(tokenIn(again.plain), tokenIn(plain));
      clock.now += 1_000;
      await refresh(shape, sandbox, first.refresh);
      assert.equal(lastOutcome(sandbox), 'replayed');
    });

    it('may leave the refresh token as it is, or out', async () => {
      await using sandbox = await shape.start({ refreshTokenInResponse: 'omitted' });
      const first = await signIn(shape, sandbox);
      const { plain } = await refresh(shape, sandbox, first.refresh);
      assert.doesNotMatch(JSON.stringify(plain), /refresh|renewal/);
      sandbox.set({ refreshTokenInResponse: 'same' });
      const same = await refresh(shape, sandbox, first.refresh);
      assert.ok(JSON.stringify(same.plain).includes(first.refresh));
    });

    it('follows the lifetime scenarios', async () => {
      const clock = stoppedClock();
      await using sandbox = await shape.start({ accessLifetime: 5, refreshLifetime: 9, clock: clock.read });
      const { access, refresh: token } = await signIn(shape, sandbox);
      clock.now += 5_000;
      await useToken(shape, sandbox, access);
      assert.equal(lastOutcome(sandbox), 'expired');
      clock.now += 4_000;
      await refresh(shape, sandbox, token);
      assert.equal(lastOutcome(sandbox), 'expired');
    });
  });
}

describe('sandbox faults on partners by definition', () => {
  it('hits the definition and call named, in its own form', async () => {
    await using sandbox = await jsonShape.start();
    const { refresh: token } = await signIn(jsonShape, sandbox);
    sandbox.fail({ status: 503, retryAfter: '7' }, { partner: 'acme-pay', call: 'refresh' });
    await call(jsonShape, sandbox, 'login', loginPayload(jsonShape));
    assert.equal(lastOutcome(sandbox), 'ok');
    const { status, headers, json } = await refresh(jsonShape, sandbox, token);
    assert.deepEqual([status, headers.get('retry-after')], [503, '7']);
    assert.deepEqual([json.status, (json.error as Json).code], ['error', 'SANDBOX_503']);
    await refresh(jsonShape, sandbox, token);
    assert.equal(lastOutcome(sandbox), 'ok');
  });

  it('rotates, then loses the answer', async () => {
    await using sandbox = await jsonShape.start();
    const { refresh: token } = await signIn(jsonShape, sandbox);
    sandbox.fail('resetAfter', { partner: 'acme-pay' });
    await assert.rejects(refresh(jsonShape, sandbox, token));
    await refresh(jsonShape, sandbox, token);
    assert.equal(lastOutcome(sandbox), 'replayed');
  });

  it('rewrites an answer before it is encrypted', async () => {
    await using sandbox = await formShape.start();
    sandbox.fail({ rewrite: (answer) => ({ ...(answer as Json), ok: 'maybe' }) }, { partner: 'acme-forms' });
    const { plain } = await call(formShape, sandbox, 'login', loginPayload(formShape));
    assert.equal(plain.ok, 'maybe');
  });
});

function tokenIn(plain: Json): string {
  return must(/eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(JSON.stringify(plain))?.[0]);
}
