import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { PartnerReport } from '../../../core/cli/report.ts';
import { startSandbox, type Sandbox, type SandboxPartner } from '../../../core/sandbox/index.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { partnerNames } from '../../helpers/with-session.ts';
import { command, secretsOf, settingsOf } from './command.ts';

/** Everything that must not be printed. */
function hidden(sandbox: Sandbox, partner: SandboxPartner): string[] {
  const {
    PARTNER_AUTH_USERNAME: _u,
    PARTNER_AUTH_EMAIL: _e,
    PARTNER_AUTH_CLIENT_ID: _c,
    ...secrets
  } = secretsOf(sandbox, partner);
  return [...Object.values(secrets), ...Object.values(sandbox.tokens(partner) ?? {})];
}

describe('npm start against a partner', () => {
  for (const partner of partnerNames) {
    it(`signs in, refreshes and signs out: ${partner}`, async () => {
      await using sandbox = await startSandbox();
      const env = secretsOf(sandbox, partner);
      const { code, stdout, stderr } = await command([...settingsOf(sandbox, partner), '--json'], { env });
      assert.equal(code, 0, stderr);
      const [report] = (JSON.parse(stdout) as { partners: PartnerReport[] }).partners;
      assert.equal(report?.sandbox, false);
      assert.ok(report.accessToken.expiresAt !== undefined && report.refreshExpiresAt !== undefined);
      const logout = partner === 'cloudreve' ? ['logout'] : [];
      // Sending a mail is not harmless, so BizMail's protected call is left out.
      const call = partner === 'bizmail' ? [] : ['protected'];
      assert.deepEqual(
        sandbox.journal.map((entry) => entry.call),
        ['login', ...call, 'refresh', ...logout],
      );
      assert.equal(report.signIn.sent, undefined);
      for (const secret of hidden(sandbox, partner)) assert.ok(!stdout.includes(secret));
    });

    it(`trusts the authority of --ca: ${partner}`, async () => {
      await using sandbox = await startSandbox({ https: true });
      await using folder = await temporaryFolder();
      const env = secretsOf(sandbox, partner);
      await writeFile(folder.file('ca.pem'), sandbox.ca ?? '');
      const args = settingsOf(sandbox, partner);
      const untrusted = await command(args, { env });
      assert.equal(untrusted.code, 1);
      assert.match(untrusted.stderr, /certificate/);
      const trusted = await command([...args, '--ca', folder.file('ca.pem')], { env });
      assert.equal(trusted.code, 0, trusted.stderr);
      assert.match(trusted.stdout, /Sign out/);
    });

    it(`tells a wrong password apart, with exit code 1: ${partner}`, async () => {
      await using sandbox = await startSandbox();
      const env = { ...secretsOf(sandbox, partner), PARTNER_AUTH_PASSWORD: 'quite-wrong' };
      const { code, stdout, stderr } = await command(settingsOf(sandbox, partner), { env });
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, /Check .*password/);
      assert.ok(!stderr.includes('quite-wrong'));
    });

    it(`names the environment variable of a missing secret: ${partner}`, async () => {
      await using sandbox = await startSandbox();
      for (const variable of Object.keys(secretsOf(sandbox, partner))) {
        const env = { ...secretsOf(sandbox, partner), [variable]: undefined };
        const { code, stderr } = await command(settingsOf(sandbox, partner), { env });
        assert.equal(code, 2);
        assert.match(stderr, new RegExp(`\\b${variable}\\b`));
      }
      assert.equal(sandbox.journal.length, 0);
    });
  }

  it('takes answers that are wrapped or encrypted', async () => {
    await using sandbox = await startSandbox({ tconnectResponse: 'wrapped' });
    const env = secretsOf(sandbox, 'tconnect');
    const wrapped = await command([...settingsOf(sandbox, 'tconnect'), '--tokens-in', 'data'], { env });
    assert.equal(wrapped.code, 0, wrapped.stderr);
    sandbox.set({ tconnectResponse: 'encrypted' });
    const encrypted = await command([...settingsOf(sandbox, 'tconnect'), '--encrypted-in', 'data'], { env });
    assert.equal(encrypted.code, 0, encrypted.stderr);
  });

  it('uses a zero IV, and pads to 32 bytes, where told to', async () => {
    const iv = { from: 'fixed', value: '0'.repeat(32), format: 'hex' } as const;
    await using sandbox = await startSandbox({ accounts: { tconnect: { cipher: { iv } } } });
    const env = secretsOf(sandbox, 'tconnect');
    // The last rule given counts.
    const args = [...settingsOf(sandbox, 'tconnect'), '--iv', 'zero'];
    const { code, stderr } = await command(args, { env });
    assert.equal(code, 0, stderr);

    // The sandbox's TCONNECT pads to 16 and refuses the rest, but its journal holds what came.
    for (const password of ['x'.repeat(20), 'x'.repeat(36)]) {
      await command([...args, '--padding', '32'], { env: { ...env, PARTNER_AUTH_PASSWORD: password } });
      const { data = '' } = JSON.parse(sandbox.journal.at(-1)?.body ?? '{}') as { data?: string };
      assert.ok(data.length > 0 && data.length % 64 === 0, `${data.length} digits`);
    }
  });

  it('sends multipart where told to', async () => {
    await using sandbox = await startSandbox();
    const args = [...settingsOf(sandbox, 'bizmail'), '--body-form', 'multipart'];
    const { code, stderr } = await command(args, { env: secretsOf(sandbox, 'bizmail') });
    assert.equal(code, 0, stderr);
    for (const { headers } of sandbox.journal) assert.match(headers['content-type'] ?? '', /^multipart\/form-data/);
  });

  it('signs in with a one-time code', async () => {
    await using sandbox = await startSandbox({ twoFactor: true });
    const env = { ...secretsOf(sandbox, 'cloudreve'), PARTNER_AUTH_OTP: sandbox.oneTimeCode() };
    const { code, stderr } = await command(settingsOf(sandbox, 'cloudreve'), { env });
    assert.equal(code, 0, stderr);
  });

  it('gives up on a captcha that is read wrong three times', async () => {
    await using sandbox = await startSandbox({ captcha: true });
    const env = { ...secretsOf(sandbox, 'cloudreve'), PARTNER_AUTH_CAPTCHA: 'wrong' };
    const { code, stderr } = await command(settingsOf(sandbox, 'cloudreve'), { env });
    assert.equal(code, 1);
    assert.match(stderr, /captcha/i);
  });

  it('signs out when a later step fails', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail({ status: 403 }, { call: 'refresh' });
    const { code } = await command(settingsOf(sandbox, 'cloudreve'), { env: secretsOf(sandbox, 'cloudreve') });
    assert.equal(code, 1);
    assert.equal(sandbox.journal.at(-1)?.call, 'logout');
  });

  it('reports an error to machines as JSON', async () => {
    await using sandbox = await startSandbox();
    const env = { ...secretsOf(sandbox, 'bizmail'), PARTNER_AUTH_PASSWORD: 'quite-wrong' };
    const { code, stdout } = await command([...settingsOf(sandbox, 'bizmail'), '--json'], { env });
    assert.equal(code, 1);
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string; status: number } };
    assert.deepEqual([error.code, error.status], ['invalidCredentials', 401]);
    assert.match(error.message, /BizMail/);
  });
});
