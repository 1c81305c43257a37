import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { cipherNames } from '../bench/candidates/cipher.ts';
import { tokenNames } from '../bench/candidates/token.ts';
import { runProgram } from '../helpers/run-program.ts';
import { root } from '../helpers/tarball.ts';

const bench = (...args: string[]) =>
  runProgram(process.execPath, [join(root, 'test/bench/main.ts'), ...args], { cwd: root });

describe('npm run bench', () => {
  it('runs every cipher and client, checks their results, and prints a row for each', async () => {
    const { code, stdout, stderr } = await bench('--quick', 'cipher', 'token');
    assert.equal(code, 0, stderr);
    for (const name of [...cipherNames, ...tokenNames]) assert.ok(stdout.includes(`| ${name} | `), name);
  });

  it('names the known parts if it is asked for an unknown one', async () => {
    const { code, stderr } = await bench('speed');
    assert.equal(code, 2);
    assert.match(stderr, /Unknown part speed.*cipher, token, exchange, storm, startup, size, idle, growth/);
  });
});
