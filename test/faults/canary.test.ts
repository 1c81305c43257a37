import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import process from 'node:process';
import { searchCommandLine } from './canary/command-line.ts';
import { searchCanaries } from './canary/run.ts';
import { LeakScanner } from './leak-scanner.ts';

describe('LeakScanner', () => {
  it('finds a secret in nested errors and in base64', () => {
    const scanner = new LeakScanner();
    scanner.addSecrets('CANARY-1234');
    scanner.addOutput('error', new Error('x', { cause: { deep: [{ password: 'CANARY-1234' }] } }));
    scanner.addOutput('base64', Buffer.from('CANARY-1234').toString('base64'));
    scanner.addOutput('clean', 'CANARY');
    assert.deepEqual(scanner.findLeaks(), ['error', 'base64']);
  });
});

describe('secrets', () => {
  it('appear in no error, status, log line, output, argument, environment, crash file or other host', async () => {
    const { outputsScanned, secrets, leaks, privateStores } = await searchCanaries();
    assert.deepEqual(leaks, []);
    assert.equal(privateStores, 3, 'each partner has a store file of mode 0600 that holds its tokens');
    assert.ok(outputsScanned > 1_000 && secrets > 50, `${outputsScanned} outputs, ${secrets} secrets`);
  });

  it('appear in no output, argument, environment of a child, file, crash report or core dump of any verb', async (t) => {
    const { outputsScanned, secrets, leaks, coreFiles, missingVerbs, ...found } = await searchCommandLine();
    assert.deepEqual(leaks, []);
    assert.deepEqual(missingVerbs, []);
    assert.ok(found.foundInPlainFiles, '--store plain writes them in plain text');
    if (found.foundInCoreDump === undefined) t.diagnostic(`No core dumps on this ${process.platform} system.`);
    else assert.ok(found.foundInCoreDump && coreFiles > 30, `${coreFiles} core dumps`);
    assert.ok(outputsScanned > 200 && secrets > 20, `${outputsScanned} outputs, ${secrets} secrets`);
  });
});
