import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reportIssue } from '../../../extension/commands/report-issue.ts';
import { refresh } from '../../../extension/commands/refresh.ts';
import type { Profile } from '../../../core/profiles/index.ts';
import { fakeApp } from '../../helpers/fake-app.ts';
import { withApp } from '../../helpers/with-app.ts';

interface Report {
  readonly version: string;
  readonly settings: object;
  readonly problems: readonly string[];
  readonly profile?: Readonly<Record<string, unknown>>;
  readonly session?: object;
  readonly lastExchange?: Readonly<Record<string, unknown>> | string;
}

function read(body = ''): Report {
  return JSON.parse(/```json\n([^]*)\n```\n$/.exec(body)?.[1] ?? '') as Report;
}

describe('reportIssue', () => {
  it('opens the issue reporter with versions, settings, the state and the masked last exchange', () =>
    withApp({}, async ({ fake, profile, sandbox }) => {
      await refresh(fake.app, profile);
      await reportIssue(fake.app, profile);
      const [body = ''] = fake.issueBodies;
      assert.match(body, /^What did you do, what did you expect, and what happened\?\n/);
      const { version, settings, profile: connection, session, lastExchange } = read(body);
      assert.deepEqual([version, settings], ['1.2.3', { autoRefresh: false }]);
      assert.deepEqual(connection, {
        partner: 'tconnect',
        origin: sandbox.url,
        partnerCode: '••••••••',
        cipher: { keyFormat: 'hex', iv: { from: 'fixed', format: 'hex' }, output: 'hex' },
      });
      assert.equal((session as { phase: string }).phase, 'valid');
      assert.ok(typeof lastExchange === 'object');
      assert.deepEqual([lastExchange.call, lastExchange.status, lastExchange.outcome], ['refresh', 200, 'success']);
    }));

  for (const partner of ['tconnect', 'bizmail', 'cloudreve'] as const) {
    it(`contains no secret, account or name of a ${partner} profile`, () =>
      withApp({ partner }, async ({ fake, profile, sandbox, connection, secrets }) => {
        await reportIssue(fake.app, profile);
        const [body = ''] = fake.issueBodies;
        const { accessToken, refreshToken } = sandbox.tokens(partner) ?? {};
        const bodies = sandbox.journal.map(({ body }) => body);
        for (const value of [
          ...secrets,
          ...Object.values(connection.credentials),
          accessToken,
          refreshToken,
          ...bodies,
        ]) {
          if (value === undefined || value.length < 4) continue;
          assert.ok(!body.includes(value), value);
        }
        assert.ok(!body.includes(profile.label));
      }));
  }

  it('shows no value that the user wrote into the settings where a secret may be', async () => {
    const profile: Profile = {
      id: 'acme-pay',
      label: 'ACME Pay',
      partner: 'tconnect',
      baseUrl: 'https://partner.example/base/PATH-KEY',
      partnerCode: 'MY-CODE',
      cipher: {
        derivation: { pbkdf2: { iterations: 1000, digest: 'sha256', salt: 'MY-SALT' } },
        iv: { from: 'derived' },
      },
      extraFields: { login: { grant_type: 'MY-GRANT', api_key: 'MY-KEY' } },
      caFile: '/home/ann/ca.pem',
    };
    const fake = fakeApp({ profiles: [profile, { ...profile, id: 'x', cipher: { key: 'MISPLACED' } as never }] });
    await reportIssue(fake.app, fake.profile('acme-pay'));
    const [body = ''] = fake.issueBodies;
    for (const value of ['PATH-KEY', 'MY-', '/home/ann', 'MISPLACED', 'ACME']) assert.ok(!body.includes(value), value);
    const { profile: connection, problems, lastExchange } = read(body);
    assert.deepEqual(connection?.extraFields, { login: ['grant_type', 'api_key'], refresh: [] });
    assert.deepEqual(problems, ['profile: cipher.key: is a secret: sign in to enter it, and delete it here']);
    assert.equal(lastExchange, 'none');
    await fake.app.sessions.close();
  });

  it('works without a profile', async () => {
    const fake = fakeApp();
    await reportIssue(fake.app, undefined);
    assert.deepEqual(Object.keys(read(fake.issueBodies[0])), ['version', 'editor', 'settings', 'problems']);
  });

  it('shows the report where there is no issue reporter', () =>
    withApp({ hasIssueReporter: false, buttons: ['Copy Report'] }, async ({ fake, profile }) => {
      await reportIssue(fake.app, profile);
      assert.equal(fake.documents[0]?.name, 'Issue report');
      assert.equal((JSON.parse(fake.documents[0].text) as Report).version, '1.2.3');
      assert.match(fake.questions[0] ?? '', /could not open its issue reporter/);
      assert.equal(`${fake.clipboard}\n`, fake.documents[0].text);
    }));
});
