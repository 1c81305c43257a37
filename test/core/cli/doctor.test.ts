import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, it } from 'node:test';
import type { Check } from '../../../core/cli/checks.ts';
import { secretVariables } from './command.ts';
import { withHome, type HomeFixture } from './with-home.ts';

async function doctor({ run }: HomeFixture, name: string, env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await run(['doctor', name, '--json'], { env });
  assert.ok(stdout.startsWith('{'), stderr);
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  return { code, result: (check: string) => checks.find((found) => found.name === check) };
}

describe('doctor', () => {
  it('finds nothing wrong with a session that works, and shows it as a table', () =>
    withHome({}, async (fixture) => {
      await fixture.add('shop', 'tconnect');
      const { code, stdout, stderr } = await fixture.run(['doctor', 'shop']);
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, /^ok {2}Partner code +SANDBOX-\w+$/m);
      for (const name of ['Store key', 'Store', 'Session', 'AES key', 'Lock', 'Proxy', 'Clock', 'Partner'])
        assert.match(stdout, new RegExp(`^ok +${name}  `, 'm'));
    }));

  it('sends no secret, and nothing that signs in or refreshes', () =>
    withHome({}, async (fixture) => {
      const { sandbox, add } = fixture;
      for (const partner of ['tconnect', 'bizmail', 'cloudreve'] as const) {
        await add(partner, partner);
        const before = sandbox.journal.length;
        assert.equal((await doctor(fixture, partner)).code, 0);
        const sent = JSON.stringify(sandbox.journal.slice(before));
        const secrets = [
          ...Object.values(secretVariables(sandbox, partner)),
          ...Object.values(sandbox.tokens(partner) ?? {}),
        ];
        for (const secret of secrets) assert.ok(!sent.includes(secret));
      }
    }));

  it('reports a session that needs a sign-in, and a key that is missing', () =>
    withHome({}, async (fixture) => {
      await fixture.add('shop', 'tconnect', { signIn: false });
      const signedOut = await doctor(fixture, 'shop');
      assert.deepEqual([signedOut.code, signedOut.result('Store')?.result], [0, 'warning']);
      assert.match(signedOut.result('Store')?.text ?? '', /Run: partner-auth login shop$/);
      await fixture.add('mail', 'bizmail');
      const locked = await doctor(fixture, 'mail', { PARTNER_AUTH_STORE_KEY: '' });
      assert.deepEqual([locked.code, locked.result('Store key')?.result], [1, 'failed']);
    }));

  it('reports a name that does not exist, a server that does not respond, and one of somebody else', () =>
    withHome({}, async (fixture) => {
      const { succeed, sandbox } = fixture;
      const add = (name: string, url: string) =>
        succeed(['profile', 'add', name, '--partner', 'bizmail', '--base-url', url]);
      await add('unknown', 'https://nowhere.invalid');
      const unknown = await doctor(fixture, 'unknown');
      assert.deepEqual(
        ['DNS', 'TLS', 'Partner'].map((name) => unknown.result(name)?.result),
        ['failed', 'skipped', 'failed'],
      );
      assert.equal(unknown.code, 1);
      await add('refused', 'https://127.0.0.1:1');
      assert.equal((await doctor(fixture, 'refused')).result('TLS')?.text, 'no connection (ECONNREFUSED)');
      await add('down', 'http://127.0.0.1:1');
      const down = await doctor(fixture, 'down');
      assert.deepEqual([down.code, down.result('Clock')?.result], [1, 'skipped']);
      assert.match(down.result('Partner')?.text ?? '', /^No response from 127\.0\.0\.1:1/);
      await add('other', `${sandbox.url}/elsewhere`);
      const other = await doctor(fixture, 'other');
      assert.match(other.result('Partner')?.text ?? '', /but not as BizMail does\. Check the address$/);
    }));

  it('checks the certificate of an https server, and trusts the authority of the profile', () =>
    withHome({ sandbox: { https: true } }, async (fixture) => {
      const { sandbox, file, succeed } = fixture;
      const url = ['--partner', 'bizmail', '--base-url', sandbox.url];
      await succeed(['profile', 'add', 'untrusted', ...url]);
      const untrusted = await doctor(fixture, 'untrusted');
      assert.deepEqual([untrusted.code, untrusted.result('TLS')?.result], [1, 'failed']);
      await writeFile(file('ca.pem'), sandbox.ca ?? '');
      await succeed(['profile', 'add', 'trusted', ...url, '--ca', file('ca.pem')]);
      const trusted = await doctor(fixture, 'trusted');
      assert.notEqual(trusted.result('TLS')?.result, 'failed');
      assert.match(trusted.result('TLS')?.text ?? '', /^TLSv1\.\d, certificate of .+, valid until /);
      assert.equal(trusted.result('Partner')?.result, 'ok');
      await succeed(['profile', 'edit', 'trusted', '--ca', '~/ca.pem']);
      const folder = dirname(file('ca.pem'));
      const atHome = await doctor(fixture, 'trusted', { HOME: folder, USERPROFILE: folder });
      assert.deepEqual(
        [atHome.result('TLS')?.text, atHome.result('Partner')?.result],
        [trusted.result('TLS')?.text, 'ok'],
      );
    }));

  it('says by how much the clock of this machine is wrong', () =>
    withHome({ sandbox: { clock: () => Date.now() - 3_600_000 } }, async (fixture) => {
      await fixture.add('mail', 'bizmail', { signIn: false });
      const { code, result } = await doctor(fixture, 'mail');
      assert.deepEqual([code, result('Clock')?.result], [0, 'warning']);
      assert.match(result('Clock')?.text ?? '', /^this machine is 60 min ahead of the server\. Set its clock$/);
    }));

  it('does not look up what a proxy looks up', () =>
    withHome({}, async (fixture) => {
      await fixture.succeed(['profile', 'add', 'mail', '--partner', 'bizmail', '--base-url', 'https://mail.invalid']);
      const { result } = await doctor(fixture, 'mail', { HTTPS_PROXY: 'http://user:hunter2@127.0.0.1:1' });
      assert.deepEqual([result('DNS')?.result, result('TLS')?.result], ['skipped', 'skipped']);
      assert.equal(result('Proxy')?.text, '127.0.0.1:1, by the environment variable HTTPS_PROXY');
    }));
});
