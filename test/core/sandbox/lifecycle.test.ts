import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { openSession, type CipherSettings } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { acmePay } from '../../helpers/acme-pay.ts';
import { notOnWindows } from '../../helpers/platform.ts';
import { readCommand } from '../../helpers/shells.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import * as client from './clients.ts';
import { program, startProgram } from './sandbox-program.ts';

describe('sandbox lifecycle', () => {
  it('ends hanging, delayed and dripping requests at once when it closes', async () => {
    const sandbox = await startSandbox();
    sandbox.fail('hang', { partner: 'tconnect' });
    sandbox.fail('drip', { partner: 'bizmail' });
    const requests = [client.login(sandbox, 'tconnect'), client.login(sandbox, 'bizmail')];
    const ended = Promise.allSettled(requests);
    while (sandbox.journal.length < 2) await new Promise(setImmediate);
    sandbox.set({ delay: 60_000 });
    const delayed = client.login(sandbox, 'cloudreve').catch(() => 'ended');
    while (sandbox.journal.length < 3) await new Promise(setImmediate);
    await sandbox.close();
    assert.deepEqual(
      (await ended).map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.equal(await delayed, 'ended');
    await assert.rejects(client.login(sandbox, 'bizmail'));
  });

  it('can be closed more than once', async () => {
    const sandbox = await startSandbox();
    await Promise.all([sandbox.close(), sandbox.close()]);
    await sandbox.close();
  });

  it('listens on 127.0.0.1 on the given port', async () => {
    await using first = await startSandbox();
    const port = Number(new URL(first.url).port);
    assert.equal(new URL(first.url).hostname, '127.0.0.1');
    await assert.rejects(startSandbox({ port }), { code: 'EADDRINUSE' });
    await first.close();
    await using second = await startSandbox({ port });
    assert.equal(second.url, first.url);
  });

  it('leaves no socket or timer open after close', async () => {
    const script = `
      import { startSandbox } from ${JSON.stringify(new URL('../../../core/sandbox/index.ts', import.meta.url).href)};
      for (const https of [false, true]) {
        const sandbox = await startSandbox({ https });
        sandbox.fail('hang');
        if (!https) fetch(sandbox.url + '/api/v4/site/captcha').catch(() => {});
        while (!https && sandbox.journal.length === 0) await new Promise(setImmediate);
        await sandbox.close();
      }
      // A closed handle is released a few turns of the event loop later.
      for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
      const kinds = process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout/.test(kind));
      console.log(JSON.stringify(kinds));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    assert.deepEqual([code, output.trim()], [0, '[]']);
  });
});

describe('npm run sandbox', () => {
  const withSignals = notOnWindows('Windows ends a process without a signal');

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`prints the accounts, logs requests, and exits with 0 on ${signal}`, withSignals, async () => {
      const child = spawn(process.execPath, [program, '--port', '0', '--shell', 'posix'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      using _ = { [Symbol.dispose]: () => child.kill('SIGKILL') };
      let output = '';
      let onOutput: () => void = () => undefined;
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        onOutput();
      });
      const until = (text: string) =>
        new Promise<void>((resolve) => {
          onOutput = () => (output.includes(text) ? resolve() : undefined);
          onOutput();
        });
      await until('Ctrl+C to stop');
      assert.ok(output.split('\n').length <= 30);
      for (const word of [
        'TCONNECT',
        'partner code',
        '"key"',
        '"iv"',
        'BizMail',
        'Cloudreve',
        'client_secret',
        'curl',
      ]) {
        assert.ok(output.includes(word), word);
      }
      const url = client.assertDefined(/http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0]);
      const body = client.assertDefined(/-d '(.*)'/.exec(output)?.[1]);
      const reply = await client.postJson(`${url}/api/1.0/auth/token`, JSON.parse(body));
      await until('/api/1.0/auth/token  200  ok');
      assert.equal(output.includes(client.assertDefined(client.tokensOf(reply)).access), false);
      child.kill(signal);
      const [code] = (await once(child, 'close')) as [number];
      assert.equal(code, 0);
    });
  }

  for (const shell of ['posix', 'powershell', 'cmd'] as const) {
    it(`prints an example that signs in when it is pasted into ${shell}`, async () => {
      await using sandbox = await startProgram(['--shell', shell]);
      const [url = '', ...options] = readCommand[shell](sandbox.example);
      assert.deepEqual(options.slice(0, 3), ['-H', 'Content-Type: application/json', '-d']);
      assert.equal((await client.postJson(url, JSON.parse(options[3] ?? ''))).status, 200);
    });

    it(`prints the options with which curl trusts its certificate, for ${shell}`, async () => {
      await using folder = await temporaryFolder();
      await using sandbox = await startProgram(['--https', '--shell', shell], folder.path);
      const list = readCommand[shell](sandbox.example);
      assert.equal(list[list.indexOf('--cacert') + 1], sandbox.caFile);
      // The TLS of Windows requires a revocation list otherwise, and this authority has none.
      assert.equal(list.includes('--ssl-no-revoke'), shell !== 'posix');
    });
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`leaves no file behind with --https on ${signal}`, withSignals, async () => {
      await using folder = await temporaryFolder();
      await using sandbox = await startProgram(['--https'], folder.path);
      assert.match(await readFile(sandbox.caFile, 'utf8'), /BEGIN CERTIFICATE/);
      await sandbox.end(signal);
      assert.deepEqual(await readdir(folder.path), []);
    });
  }

  it('removes the file of a killed sandbox when another one starts, and no other', async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.file('partner-auth-sandbox-other'));
    await using running = await startProgram(['--https'], folder.path);
    await using killed = await startProgram(['--https'], folder.path);
    await killed.end('SIGKILL');
    assert.ok((await readdir(folder.path)).includes(killed.caFolder));
    await using next = await startProgram(['--https'], folder.path);
    assert.deepEqual(
      (await readdir(folder.path)).sort(),
      [running.caFolder, next.caFolder, 'partner-auth-sandbox-other'].sort(),
    );
  });

  it('serves the partner of a definition file', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('acme.json');
    // As PowerShell writes it: UTF-16 with a byte order mark.
    await writeFile(file, `\ufeff${JSON.stringify(acmePay)}`, 'utf16le');
    const args = [program, '--definition', file, '--cipher', '{"iv":{"from":"key"}}'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    using _ = { [Symbol.dispose]: () => child.kill('SIGKILL') };
    let output = '';
    for await (const chunk of child.stdout) {
      output += String(chunk);
      if (output.includes('Ctrl+C to stop')) break;
    }
    const printedValue = (name: string): string =>
      client.assertDefined(new RegExp(`^  ${name} +(.+)$`, 'm').exec(output.slice(output.indexOf(acmePay.label)))?.[1]);
    assert.match(printedValue('cipher'), /"iv":\{"from":"key"\}/);
    await using session = await openSession({
      partner: acmePay,
      baseUrl: client.assertDefined(/http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0]),
      partnerCode: printedValue('partner code'),
      cipher: JSON.parse(printedValue('cipher')) as CipherSettings,
    });
    const names = acmePay.credentials.filter(({ required = true }) => required).map(({ name }) => name);
    await session.login(Object.fromEntries(names.map((name) => [name, printedValue(name)])));
    assert.equal(session.status.phase, 'valid');
    child.kill('SIGTERM');
    await once(child, 'close');
  });

  it('refuses a key or an IV as an argument, and does not print them', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('acme.json');
    await writeFile(file, JSON.stringify(acmePay));
    for (const cipher of [
      '{"key":"hunter2hunter2"}',
      '{"iv":{"from":"fixed","value":"hunter2hunter2"}}',
      '"hunter2hunter2"',
    ]) {
      const args = [program, '--definition', file, '--cipher', cipher];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      let output = '';
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const [code] = (await once(child, 'close')) as [number];
      assert.equal(code, 2);
      assert.match(output, /--cipher (?:takes no key and no IV|must be a JSON object)/);
      assert.ok(!output.includes('hunter2'), output);
    }
  });

  it('prints the usage and exits with 2 for invalid arguments', async () => {
    const wrong = [
      '--nonsense',
      '--port x',
      '--port 70000',
      '--shell tcsh',
      '--cipher {}',
      '--definition /nowhere',
      '--https --cipher x',
    ];
    for (const args of wrong.map((line) => line.split(' '))) {
      const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
      let output = '';
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const [code] = (await once(child, 'close')) as [number];
      assert.equal(code, 2);
      assert.match(output, /Usage/);
    }
  });
});
