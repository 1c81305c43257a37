import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { partners } from '../../../core/index.ts';
import { LeakScanner } from '../../faults/leak-scanner.ts';
import { main, secretVariables } from './command.ts';
import { storeKey, withHome } from './with-home.ts';

const accounts = {
  tconnect: { credentials: { password: 'CANARY-password-0123456789', client_secret: 'CANARY-client-0123456789' } },
};
const { path = '', payload = {} } = partners.tconnect.example ?? {};

describe('secrets of the command line', () => {
  it('appear in no output, argument or file, and in no environment of a child', () => {
    const scanner = new LeakScanner();
    const onRequest = (entry: { readonly body: string }): void =>
      scanner.addSecrets(/"data":"([^"]+)"/.exec(entry.body)?.[1]);
    return withHome({ sandbox: { accounts, onRequest } }, async ({ sandbox, home, add, run }) => {
      await add('shop', 'tconnect', { signIn: false });
      const { PARTNER_AUTH_USERNAME: _, PARTNER_AUTH_CLIENT_ID: __, ...secrets } = secretVariables(sandbox, 'tconnect');
      scanner.addSecrets(storeKey, ...Object.values(secrets));
      const rememberTokens = (): void => scanner.addSecrets(...Object.values(sandbox.tokens('tconnect') ?? {}));
      const env = secretVariables(sandbox, 'tconnect');
      const scan = async (args: readonly string[], options: Parameters<typeof run>[1] = {}): Promise<void> => {
        const { stdout, stderr } = await run(['-v', ...args], options);
        rememberTokens();
        scanner.addOutput(`stdout of ${args.join(' ')}`, stdout);
        scanner.addOutput(`stderr of ${args.join(' ')}`, stderr);
      };
      await scan(['login', 'shop', '--remember'], { env });
      await scan(['login', 'shop'], { env: { PARTNER_AUTH_PASSWORD: `${env.PARTNER_AUTH_PASSWORD ?? ''}x` } });
      for (const verb of ['status', 'doctor', 'refresh']) {
        await scan([verb, 'shop']);
        await scan([verb, 'shop', '--json']);
      }
      await scan(['profile', 'show', 'shop']);
      await scan(['request', 'shop', 'POST', path, '-d', JSON.stringify(payload), '-i']);
      await scan(['request', 'shop', 'POST', path, '-d', '{}']);
      sandbox.fail({ text: JSON.stringify({ message: secrets.PARTNER_AUTH_PASSWORD }) }, { call: 'refresh' });
      await scan(['refresh', 'shop']);
      await scan(['decrypt', 'shop'], { input: 'ab'.repeat(32) });
      const printAll = 'console.log(process.argv, process.env)';
      await scan(['exec', 'shop', '--', process.execPath, '-e', printAll], { env });

      const gateway = spawn(process.execPath, [main, 'gateway', 'shop'], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: process.env.PATH, PARTNER_AUTH_HOME: home, PARTNER_AUTH_STORE_KEY: storeKey },
      });
      let log = '';
      gateway.stderr.on('data', (text: Buffer) => (log += text.toString()));
      const [url] = (await once(gateway.stdout, 'data')) as [Buffer];
      const body = JSON.stringify(payload);
      const headers = { 'content-type': 'application/json' };
      assert.equal((await fetch(url.toString().trim() + path, { method: 'POST', headers, body })).status, 200);
      if (process.platform === 'linux')
        scanner.addOutput('arguments', readFileSync(`/proc/${gateway.pid}/cmdline`, 'utf8'));
      gateway.kill();
      await once(gateway, 'close');
      scanner.addOutput('log of the gateway', log);

      for (const file of await readdir(home, { recursive: true })) {
        const full = join(home, file);
        scanner.addOutput('file name', file);
        if ((await stat(full)).isFile()) scanner.addOutput(`file ${file}`, await readFile(full, 'utf8'));
      }
      assert.deepEqual(scanner.findLeaks(), []);
      assert.ok(
        scanner.secretCount >= 8 && scanner.outputCount >= 30,
        `${scanner.secretCount}, ${scanner.outputCount}`,
      );
    });
  });
});
