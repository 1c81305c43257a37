import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startSandbox, type Sandbox } from '../../../core/sandbox/index.ts';
import { facts, type CloudreveServer } from '../../cloudreve/contract.ts';
import * as client from './clients.ts';

/** The sandbox as the server of the contract, which `npm run test:cloudreve` also checks at a real one. */
function serverOf(sandbox: Sandbox): CloudreveServer {
  return {
    url: sandbox.url,
    ...sandbox.profiles.cloudreve.credentials,
    configure({ accessLifetime, captcha }) {
      sandbox.set({ accessLifetime, captcha: captcha !== undefined, captchaKind: captcha ?? 'normal' });
      return Promise.resolve();
    },
    pass(seconds) {
      sandbox.advance(seconds);
      return Promise.resolve();
    },
    captchaText: (ticket) => sandbox.captchaText(ticket),
  };
}

function call(sandbox: Sandbox, path: string, init: RequestInit = {}): Promise<client.Reply> {
  return client.send(`${sandbox.url}/api/v4${path}`, init);
}

function signOut(sandbox: Sandbox, token: unknown): Promise<client.Reply> {
  return call(sandbox, '/session/token', { method: 'DELETE', body: JSON.stringify({ refresh_token: token }) });
}

describe('sandbox Cloudreve as version 4.18.0', () => {
  for (const { title, source, check } of facts) {
    it(`${title} (${source})`, async () => {
      // In the middle of a second, so that an `exp` that is not cut to the second would show.
      await using sandbox = await startSandbox({ clock: client.frozenClock(Date.UTC(2026, 2, 1, 12) + 500).read });
      await check(serverOf(sandbox));
    });
  }

  // What follows cannot be caused over the HTTP API.

  it('ends an access token at its `exp`, up to a second before the stated deadline (pkg/auth/jwt.go:258, 287)', async () => {
    const clock = client.frozenClock(Date.UTC(2026, 2, 1, 12) + 900);
    await using sandbox = await startSandbox({ clock: clock.read, accessLifetime: 10 });
    const { access } = await client.signIn(sandbox, 'cloudreve');
    clock.now += 9_099;
    assert.equal(await client.isAccepted(sandbox, 'cloudreve', access), true);
    clock.now += 1;
    assert.equal(await client.isAccepted(sandbox, 'cloudreve', access), false);
  });

  it('forgets sign-outs, pending logins and captchas after a crash (application.go:214)', async () => {
    await using sandbox = await startSandbox();
    const { refresh } = await client.signIn(sandbox, 'cloudreve');
    await signOut(sandbox, refresh);
    sandbox.restart('hard');
    assert.equal((await client.refresh(sandbox, 'cloudreve', refresh)).json.code, 0);
    sandbox.set({ twoFactor: true });
    const { data } = (await client.login(sandbox, 'cloudreve')).json;
    sandbox.restart('hard');
    const body = { otp: sandbox.oneTimeCode(), session_id: data };
    assert.equal(
      (await client.postJson(`${sandbox.url}/api/v4/session/token/2fa`, body)).json.msg,
      'Session not found',
    );
  });

  it('keeps sign-outs and pending logins, but not captchas, after a graceful stop (application.go:214)', async () => {
    await using sandbox = await startSandbox({ twoFactor: true });
    const { data } = (await client.login(sandbox, 'cloudreve')).json;
    const ticket = String(client.objectAt((await call(sandbox, '/site/captcha')).json, 'data')?.ticket);
    sandbox.restart('soft');
    assert.equal(sandbox.captchaText(ticket), undefined);
    const body = { otp: sandbox.oneTimeCode(), session_id: data };
    const tokens = client.assertDefined(
      client.tokensOf(await client.postJson(`${sandbox.url}/api/v4/session/token/2fa`, body)),
    );
    await signOut(sandbox, tokens.refresh);
    sandbox.restart('soft');
    assert.equal((await client.refresh(sandbox, 'cloudreve', tokens.refresh)).json.code, 40_020);
  });

  it('does not undo revoke() by a restart', async () => {
    await using sandbox = await startSandbox();
    const { refresh } = await client.signIn(sandbox, 'cloudreve');
    sandbox.revoke('cloudreve');
    sandbox.restart('hard');
    assert.equal((await client.refresh(sandbox, 'cloudreve', refresh)).json.code, 40_020);
    assert.throws(() => sandbox.restart('often' as never), TypeError);
  });

  it('responds 50001 to every call while its database is down (middleware/auth.go:75-81, inventory/group.go:71)', async () => {
    await using sandbox = await startSandbox();
    const { access, refresh } = await client.signIn(sandbox, 'cloudreve');
    sandbox.set({ database: 'down' });
    for (const { status, headers, json } of [
      await client.login(sandbox, 'cloudreve'),
      await client.refresh(sandbox, 'cloudreve', refresh),
      await signOut(sandbox, refresh),
      await call(sandbox, '/site/captcha'),
      await client.callProtected(sandbox, 'cloudreve', access),
    ]) {
      assert.deepEqual([status, json.code, json.msg], [200, 50_001, 'failed to get login user']);
      assert.equal(headers.get('cache-control'), null);
    }
    sandbox.set({ database: 'up' });
    assert.equal((await client.refresh(sandbox, 'cloudreve', refresh)).json.code, 0);
  });

  it('refuses like a dead token while its table of users is away (pkg/auth/jwt.go:144-147, login.go:131-134)', async () => {
    await using sandbox = await startSandbox();
    const { access, refresh } = await client.signIn(sandbox, 'cloudreve');
    sandbox.set({ database: 'usersDown' });
    assert.equal((await client.refresh(sandbox, 'cloudreve', refresh)).json.code, 40_020);
    assert.equal((await client.login(sandbox, 'cloudreve')).json.code, 40_080);
    assert.equal((await client.callProtected(sandbox, 'cloudreve', access)).json.code, 50_001);
    assert.equal((await call(sandbox, '/user/capacity')).json.code, 401);
  });

  it('responds to a crash of a handler with HTTP 500 and no body (routers/router.go:46)', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail({ status: 500 }, { partner: 'cloudreve' });
    const { status, text } = await call(sandbox, '/user/capacity');
    assert.deepEqual([status, text], [500, '']);
  });
});
