import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startSandbox } from '../../../core/sandbox/index.ts';
import * as client from './clients.ts';

const { allPartners, isAccepted, lastOutcome, refresh, renew, signIn, tokensOf } = client;

describe('sandbox rotation', () => {
  for (const partner of allPartners) {
    it(`${partner}: a refresh gives tokens that work`, async () => {
      await using sandbox = await startSandbox();
      const first = await signIn(sandbox, partner);
      sandbox.advance(1);
      const second = await renew(sandbox, partner, first.refresh);
      assert.notEqual(second.access, first.access);
      assert.notEqual(second.refresh, first.refresh);
      assert.equal(await isAccepted(sandbox, partner, second.access), true);
      assert.deepEqual(sandbox.tokens(partner)?.refreshToken, second.refresh);
      assert.deepEqual(sandbox.tokens(partner)?.accessToken, second.access);
    });

    it(`${partner}: a replayed refresh token kills the family under reuseDetection`, async () => {
      await using sandbox = await startSandbox({ rotation: 'reuseDetection' });
      const first = await signIn(sandbox, partner);
      const second = await renew(sandbox, partner, first.refresh);
      assert.equal(tokensOf(await refresh(sandbox, partner, first.refresh)), undefined);
      assert.equal(lastOutcome(sandbox), 'replayed');
      assert.equal(tokensOf(await refresh(sandbox, partner, second.refresh)), undefined);
      assert.equal(lastOutcome(sandbox), 'revoked');
      assert.equal(await isAccepted(sandbox, partner, second.access), false);
    });

    it(`${partner}: a replayed refresh token is refused alone under strict`, async () => {
      await using sandbox = await startSandbox({ rotation: 'strict' });
      const first = await signIn(sandbox, partner);
      const second = await renew(sandbox, partner, first.refresh);
      assert.equal(tokensOf(await refresh(sandbox, partner, first.refresh)), undefined);
      assert.equal(lastOutcome(sandbox), 'replayed');
      assert.ok(tokensOf(await refresh(sandbox, partner, second.refresh)));
      assert.equal(await isAccepted(sandbox, partner, second.access), true);
    });

    it(`${partner}: a used refresh token works again under reuseAllowed`, async () => {
      await using sandbox = await startSandbox({ rotation: 'reuseAllowed' });
      const first = await signIn(sandbox, partner);
      await renew(sandbox, partner, first.refresh);
      assert.ok(tokensOf(await refresh(sandbox, partner, first.refresh)));
    });

    it(`${partner}: a replay within the grace time gets the same pair again`, async () => {
      const clock = client.stoppedClock();
      await using sandbox = await startSandbox({ rotation: 'reuseDetection', graceTime: 30, clock: clock.read });
      const first = await signIn(sandbox, partner);
      const second = await renew(sandbox, partner, first.refresh);
      clock.now += 29_999;
      assert.deepEqual(await renew(sandbox, partner, first.refresh), second);
      clock.now += 1;
      assert.equal(tokensOf(await refresh(sandbox, partner, first.refresh)), undefined);
      assert.equal(await isAccepted(sandbox, partner, second.access), false);
    });

    it(`${partner}: one killed family leaves another session alone`, async () => {
      await using sandbox = await startSandbox({ rotation: 'reuseDetection' });
      const first = await signIn(sandbox, partner);
      const other = await signIn(sandbox, partner);
      await renew(sandbox, partner, first.refresh);
      await refresh(sandbox, partner, first.refresh);
      assert.ok(tokensOf(await refresh(sandbox, partner, other.refresh)));
    });

    it(`${partner}: the refresh token may stay the same, and stays good`, async () => {
      await using sandbox = await startSandbox({ refreshTokenInResponse: 'same', rotation: 'reuseDetection' });
      const first = await signIn(sandbox, partner);
      for (let i = 0; i < 2; i += 1) {
        const next = await renew(sandbox, partner, first.refresh);
        assert.equal(next.refresh, first.refresh);
        assert.equal(await isAccepted(sandbox, partner, next.access), true);
      }
    });

    it(`${partner}: the refresh token may be omitted, and stays good`, async () => {
      await using sandbox = await startSandbox({ refreshTokenInResponse: 'omitted', rotation: 'reuseDetection' });
      const first = await signIn(sandbox, partner);
      for (let i = 0; i < 2; i += 1) {
        const reply = await refresh(sandbox, partner, first.refresh);
        assert.ok(tokensOf(reply)?.access);
        assert.doesNotMatch(reply.text, /refresh_/);
      }
    });

    it(`${partner}: revoke ends every session of the account`, async () => {
      await using sandbox = await startSandbox();
      const sessions = [await signIn(sandbox, partner), await signIn(sandbox, partner)];
      sandbox.revoke(partner);
      for (const { access, refresh: token } of sessions) {
        assert.equal(await isAccepted(sandbox, partner, access), false);
        assert.equal(tokensOf(await refresh(sandbox, partner, token)), undefined);
        assert.equal(lastOutcome(sandbox), 'revoked');
      }
      const next = await signIn(sandbox, partner);
      assert.equal(await isAccepted(sandbox, partner, next.access), true);
    });

    it(`${partner}: of many refreshes at once with one token, one wins`, async () => {
      await using sandbox = await startSandbox({ rotation: 'strict' });
      const first = await signIn(sandbox, partner);
      const replies = await Promise.all(Array.from({ length: 20 }, () => refresh(sandbox, partner, first.refresh)));
      assert.equal(replies.filter((reply) => tokensOf(reply) !== undefined).length, 1);
    });
  }

  const own = { tconnect: 'revoked', bizmail: 'ok', cloudreve: 'ok' } as const;
  for (const partner of allPartners) {
    it(`${partner}: without a scenario a replay has the partner's own effect`, async () => {
      await using sandbox = await startSandbox();
      const first = await signIn(sandbox, partner);
      sandbox.advance(1);
      const second = await renew(sandbox, partner, first.refresh);
      await refresh(sandbox, partner, first.refresh);
      assert.equal(lastOutcome(sandbox), partner === 'cloudreve' ? 'ok' : 'replayed');
      await refresh(sandbox, partner, second.refresh);
      assert.equal(lastOutcome(sandbox), own[partner]);
    });
  }
});
