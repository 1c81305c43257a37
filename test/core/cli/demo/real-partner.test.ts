import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { PartnerReport } from '../../../../core/cli/demo/report.ts';
import { startSandbox, type Sandbox, type SandboxPartner } from '../../../../core/sandbox/index.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { partnerNames } from '../../../helpers/with-session.ts';
import { demo, connectionArguments, secretVariables } from '../command.ts';

/** Returns everything that must not be printed. */
function secretValues(sandbox: Sandbox, partner: SandboxPartner): string[] {
  const {
    PARTNER_AUTH_USERNAME: _u,
    PARTNER_AUTH_EMAIL: _e,
    PARTNER_AUTH_CLIENT_ID: _c,
    ...secrets
  } = secretVariables(sandbox, partner);
  return [...Object.values(secrets), ...Object.values(sandbox.tokens(partner) ?? {})];
}

describe('command line with a real partner', () => {
  for (const partner of partnerNames) {
    it(`signs in, refreshes and signs out: ${partner}`, async () => {
      await using sandbox = await startSandbox();
      const env = secretVariables(sandbox, partner);
      const { code, stdout, stderr } = await demo([...connectionArguments(sandbox, partner), '--json'], { env });
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
      for (const secret of secretValues(sandbox, partner)) assert.ok(!stdout.includes(secret));
    });

    it(`trusts the certificate authority of --ca: ${partner}`, async () => {
      await using sandbox = await startSandbox({ https: true });
      await using folder = await temporaryFolder();
      const env = secretVariables(sandbox, partner);
      await writeFile(folder.file('ca.pem'), sandbox.ca ?? '');
      const args = connectionArguments(sandbox, partner);
      const untrusted = await demo(args, { env });
      assert.equal(untrusted.code, 1);
      assert.match(untrusted.stderr, /certificate/);
      const trusted = await demo([...args, '--ca', folder.file('ca.pem')], { env });
      assert.equal(trusted.code, 0, trusted.stderr);
      assert.match(trusted.stdout, /Sign out/);
    });

    it(`reports a wrong password with exit code 1: ${partner}`, async () => {
      await using sandbox = await startSandbox();
      const env = { ...secretVariables(sandbox, partner), PARTNER_AUTH_PASSWORD: 'wrong-password' };
      const { code, stdout, stderr } = await demo(connectionArguments(sandbox, partner), { env });
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, /Check .*password/);
      assert.ok(!stderr.includes('wrong-password'));
    });

    it(`names the environment variable of a missing secret: ${partner}`, async () => {
      await using sandbox = await startSandbox();
      for (const variable of Object.keys(secretVariables(sandbox, partner))) {
        const env = { ...secretVariables(sandbox, partner), [variable]: undefined };
        const { code, stderr } = await demo(connectionArguments(sandbox, partner), { env });
        assert.equal(code, 2);
        assert.match(stderr, new RegExp(`\\b${variable}\\b`));
      }
      assert.equal(sandbox.journal.length, 0);
    });
  }

  it('reads wrapped and encrypted responses', async () => {
    await using sandbox = await startSandbox({ tconnectResponse: 'wrapped' });
    const env = secretVariables(sandbox, 'tconnect');
    const wrapped = await demo([...connectionArguments(sandbox, 'tconnect'), '--tokens-in', 'data'], { env });
    assert.equal(wrapped.code, 0, wrapped.stderr);
    sandbox.set({ tconnectResponse: 'encrypted' });
    const encrypted = await demo([...connectionArguments(sandbox, 'tconnect'), '--encrypted-in', 'data'], { env });
    assert.equal(encrypted.code, 0, encrypted.stderr);
  });

  it('uses a zero IV with --iv zero, and pads to 32 bytes with --padding 32', async () => {
    const iv = { from: 'fixed', value: '0'.repeat(32), format: 'hex' } as const;
    await using sandbox = await startSandbox({ accounts: { tconnect: { cipher: { iv } } } });
    const env = secretVariables(sandbox, 'tconnect');
    // The last --iv wins.
    const args = [...connectionArguments(sandbox, 'tconnect'), '--iv', 'zero'];
    const { code, stderr } = await demo(args, { env });
    assert.equal(code, 0, stderr);

    // The sandbox's TCONNECT refuses other padding than 16, but its journal contains the request.
    for (const password of ['x'.repeat(20), 'x'.repeat(36)]) {
      await demo([...args, '--padding', '32'], { env: { ...env, PARTNER_AUTH_PASSWORD: password } });
      const { data = '' } = JSON.parse(sandbox.journal.at(-1)?.body ?? '{}') as { data?: string };
      assert.ok(data.length > 0 && data.length % 64 === 0, `${data.length} digits`);
    }
  });

  it('sends multipart bodies with --body-form multipart', async () => {
    await using sandbox = await startSandbox();
    const args = [...connectionArguments(sandbox, 'bizmail'), '--body-form', 'multipart'];
    const { code, stderr } = await demo(args, { env: secretVariables(sandbox, 'bizmail') });
    assert.equal(code, 0, stderr);
    for (const { headers } of sandbox.journal) assert.match(headers['content-type'] ?? '', /^multipart\/form-data/);
  });

  it('signs in with a one-time code', async () => {
    await using sandbox = await startSandbox({ twoFactor: true });
    const env = { ...secretVariables(sandbox, 'cloudreve'), PARTNER_AUTH_OTP: sandbox.oneTimeCode() };
    const { code, stderr } = await demo(connectionArguments(sandbox, 'cloudreve'), { env });
    assert.equal(code, 0, stderr);
  });

  it('gives up after three wrong captchas', async () => {
    await using sandbox = await startSandbox({ captcha: true });
    const env = { ...secretVariables(sandbox, 'cloudreve'), PARTNER_AUTH_CAPTCHA: 'wrong' };
    const { code, stderr } = await demo(connectionArguments(sandbox, 'cloudreve'), { env });
    assert.equal(code, 1);
    assert.match(stderr, /captcha/i);
  });

  it('says that a captcha needs a browser, and asks for no text', async () => {
    await using sandbox = await startSandbox({ captcha: true, captchaKind: 'turnstile' });
    const env = secretVariables(sandbox, 'cloudreve');
    const { code, stderr } = await demo(connectionArguments(sandbox, 'cloudreve'), { env });
    assert.equal(code, 1);
    assert.match(stderr, /which only a web page can show/);
    assert.ok(!sandbox.journal.some(({ call }) => call === 'captcha'));
  });

  it('signs out when a later step fails', async () => {
    await using sandbox = await startSandbox();
    sandbox.fail({ status: 403 }, { call: 'refresh' });
    const { code } = await demo(connectionArguments(sandbox, 'cloudreve'), {
      env: secretVariables(sandbox, 'cloudreve'),
    });
    assert.equal(code, 1);
    assert.equal(sandbox.journal.at(-1)?.call, 'logout');
  });

  it('prints an error as JSON with --json', async () => {
    await using sandbox = await startSandbox();
    const env = { ...secretVariables(sandbox, 'bizmail'), PARTNER_AUTH_PASSWORD: 'wrong-password' };
    const { code, stdout } = await demo([...connectionArguments(sandbox, 'bizmail'), '--json'], { env });
    assert.equal(code, 1);
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string; status: number } };
    assert.deepEqual([error.code, error.status], ['invalidCredentials', 401]);
    assert.match(error.message, /BizMail/);
  });
});
