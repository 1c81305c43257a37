import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startSandbox } from '../../../core/sandbox/index.ts';
import * as client from './clients.ts';

const { allPartners, isAccepted, lastOutcome, refresh, refreshTokens, signIn, tokensOf } = client;

describe('sandbox rotation', () => {
  for (const partner of allPartners) {
    it(`${partner}: a refresh returns new, valid tokens`, async () => {
      await using sandbox = await startSandbox();
      const first = await signIn(sandbox, partner);
      sandbox.advance(1);
      const second = await refreshTokens(sandbox, partner, first.refresh);
      assert.notEqual(second.access, first.access);
      assert.notEqual(second.refresh, first.refresh);
      assert.equal(await isAccepted(sandbox, partner, second.access), true);
      assert.deepEqual(sandbox.tokens(partner)?.refreshToken, second.refresh);
      assert.deepEqual(sandbox.tokens(partner)?.accessToken, second.access);
    });

    it(`${partner}: reuseDetection revokes the session of a replayed refresh token`, async () => {
      await using sandbox = await startSandbox({ rotation: 'reuseDetection' });
      const first = await signIn(sandbox, partner);
      const second = await refreshTokens(sandbox, partner, first.refresh);
      assert.equal(tokensOf(await refresh(sandbox, partner, first.refresh)), undefined);
      assert.equal(lastOutcome(sandbox), 'replayed');
      assert.equal(tokensOf(await refresh(sandbox, partner, second.refresh)), undefined);
      assert.equal(lastOutcome(sandbox), 'revoked');
      assert.equal(await isAccepted(sandbox, partner, second.access), false);
    });

    it(`${partner}: strict refuses a replayed refresh token and keeps the session`, async () => {
      await using sandbox = await startSandbox({ rotation: 'strict' });
      const first = await signIn(sandbox, partner);
      const second = await refreshTokens(sandbox, partner, first.refresh);
      assert.equal(tokensOf(await refresh(sandbox, partner, first.refresh)), undefined);
      assert.equal(lastOutcome(sandbox), 'replayed');
      assert.ok(tokensOf(await refresh(sandbox, partner, second.refresh)));
      assert.equal(await isAccepted(sandbox, partner, second.access), true);
    });

    it(`${partner}: reuseAllowed accepts a used refresh token`, async () => {
      await using sandbox = await startSandbox({ rotation: 'reuseAllowed' });
      const first = await signIn(sandbox, partner);
      await refreshTokens(sandbox, partner, first.refresh);
      assert.ok(tokensOf(await refresh(sandbox, partner, first.refresh)));
    });

    it(`${partner}: a replay within the grace time returns the same new pair`, async () => {
      const clock = client.frozenClock();
      await using sandbox = await startSandbox({ rotation: 'reuseDetection', graceTime: 30, clock: clock.read });
      const first = await signIn(sandbox, partner);
      const second = await refreshTokens(sandbox, partner, first.refresh);
      clock.now += 29_999;
      assert.deepEqual(await refreshTokens(sandbox, partner, first.refresh), second);
      clock.now += 1;
      assert.equal(tokensOf(await refresh(sandbox, partner, first.refresh)), undefined);
      assert.equal(await isAccepted(sandbox, partner, second.access), false);
    });

    it(`${partner}: a revoked session does not affect another`, async () => {
      await using sandbox = await startSandbox({ rotation: 'reuseDetection' });
      const first = await signIn(sandbox, partner);
      const other = await signIn(sandbox, partner);
      await refreshTokens(sandbox, partner, first.refresh);
      await refresh(sandbox, partner, first.refresh);
      assert.ok(tokensOf(await refresh(sandbox, partner, other.refresh)));
    });

    it(`${partner}: refreshTokenInResponse same returns the old refresh token, which stays valid`, async () => {
      await using sandbox = await startSandbox({ refreshTokenInResponse: 'same', rotation: 'reuseDetection' });
      const first = await signIn(sandbox, partner);
      for (let i = 0; i < 2; i += 1) {
        const next = await refreshTokens(sandbox, partner, first.refresh);
        assert.equal(next.refresh, first.refresh);
        assert.equal(await isAccepted(sandbox, partner, next.access), true);
      }
    });

    it(`${partner}: refreshTokenInResponse omitted returns no refresh token, and the old one stays valid`, async () => {
      await using sandbox = await startSandbox({ refreshTokenInResponse: 'omitted', rotation: 'reuseDetection' });
      const first = await signIn(sandbox, partner);
      for (let i = 0; i < 2; i += 1) {
        const reply = await refresh(sandbox, partner, first.refresh);
        assert.ok(tokensOf(reply)?.access);
        assert.doesNotMatch(reply.text, /refresh_/);
      }
    });

    it(`${partner}: revoke() ends every session of the account`, async () => {
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

    it(`${partner}: only one of many concurrent refreshes with the same token succeeds`, async () => {
      await using sandbox = await startSandbox({ rotation: 'strict' });
      const first = await signIn(sandbox, partner);
      const replies = await Promise.all(Array.from({ length: 20 }, () => refresh(sandbox, partner, first.refresh)));
      assert.equal(replies.filter((reply) => tokensOf(reply) !== undefined).length, 1);
    });
  }

  const outcomeAfterReplay = { tconnect: 'revoked', bizmail: 'ok', cloudreve: 'ok' } as const;
  for (const partner of allPartners) {
    it(`${partner}: uses the partner's own rotation by default`, async () => {
      await using sandbox = await startSandbox();
      const first = await signIn(sandbox, partner);
      sandbox.advance(1);
      const second = await refreshTokens(sandbox, partner, first.refresh);
      await refresh(sandbox, partner, first.refresh);
      assert.equal(lastOutcome(sandbox), partner === 'cloudreve' ? 'ok' : 'replayed');
      await refresh(sandbox, partner, second.refresh);
      assert.equal(lastOutcome(sandbox), outcomeAfterReplay[partner]);
    });
  }
});
