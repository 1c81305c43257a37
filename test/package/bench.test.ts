import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runProgram } from '../helpers/run-program.ts';
import { root } from '../helpers/tarball.ts';

const bench = (...args: string[]) =>
  runProgram(process.execPath, [join(root, 'test/bench/main.ts'), ...args], { cwd: root });

describe('npm run bench', () => {
  it('names the known parts if it is asked for an unknown one', async () => {
    const { code, stderr } = await bench('speed');
    assert.equal(code, 2);
    assert.match(
      stderr,
      /Unknown part speed.*cipher, token, exchange, gateway, storm, download, startup, command, size, idle, growth/,
    );
  });
});
