import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { partners } from '../../core/index.ts';
import { startSandbox } from '../../core/sandbox/index.ts';
import { connectionArguments, secretVariables } from '../core/cli/command.ts';
import { runCommands, withHome } from '../core/cli/with-home.ts';
import { blockOf, callsOf, readDocument, tconnectEnv, testDocument } from '../helpers/documents.ts';
import { root } from '../helpers/tarball.ts';

testDocument('README.md', {
  async 'quick-start'({ code, shell }) {
    assert.equal(code, 'npm ci && npm start\n');
    const ended = await shell();
    assert.equal(ended.code, 0);
    const printed = withoutVariableParts(ended.stdout).split('\n');
    for (const line of withoutVariableParts(blockOf('README.md', 'tour')).split('\n')) {
      if (line.trim() === '…') continue;
      assert.ok(printed.includes(line), `npm start prints the line\n${line}\nin\n${printed.join('\n')}`);
    }
  },

  // Compared above with what `npm start` prints.
  async tour({ code }) {
    assert.ok(code.split('\n').length > 10);
  },

  // Running them here would run this test again.
  async tests({ code }) {
    assert.equal(code, 'npm ci && npm test\n');
    const ci = await readFile(join(root, '.ci', 'run'), 'utf8');
    assert.equal(ci.trim().split('\n').at(-1), code.trim());
  },

  async terminal({ code }) {
    await withHome({}, async (fixture) => {
      const { sandbox, file, succeed } = fixture;
      await succeed(['profile', 'add', 'shop', ...connectionArguments(sandbox, 'tconnect')]);
      const { payload } = partners.tconnect.example ?? {};
      await writeFile(file('qr.json'), JSON.stringify(payload));
      const { stdout } = await runCommands(code, fixture, secretVariables(sandbox, 'tconnect'));
      assert.equal(typeof JSON.parse(stdout), 'object');
      assert.deepEqual(callsOf(sandbox), ['login', 'protected']);
    });
  },

  async library({ run }) {
    await using sandbox = await startSandbox();
    const env = tconnectEnv(sandbox);
    const first = await run({ env });
    const second = await run({ env });
    assert.equal(first.stdout, `${sandbox.tokens('tconnect')?.accessToken ?? ''}\n`);
    assert.equal(second.stdout, first.stdout);
    assert.deepEqual(callsOf(sandbox), ['login']);
  },
});

describe('README.md', () => {
  it('has at most 200 lines', () => {
    assert.ok(readDocument('README.md').trimEnd().split('\n').length <= 200);
  });
});

/** What differs from run to run, replaced. */
function withoutVariableParts(output: string): string {
  return output
    .replace(/:\d{4,5} \(sandbox\)/g, ':PORT (sandbox)')
    .replace(/SANDBOX-\w{8}/g, 'SANDBOX-CODE')
    .replace(/merchant-\w{6}@/g, 'merchant-NAME@')
    .replace(/"client_id": "\w{22}"/g, '"client_id": "ID"')
    .replace(/[0-9a-f]{40,}/g, 'HEX')
    .replace(/SHA-256 [0-9a-f]{8}/g, 'SHA-256 HASH')
    .replace(/on \d+ \w{3,4} \d{4}, \d\d:\d\d/g, 'on DATE');
}
