import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startSandbox } from '../../core/sandbox/index.ts';
import { callsOf, cloudreveEnv, readDocument, testDocument, type RunnableBlock } from '../helpers/documents.ts';
import { runProgram } from '../helpers/run-program.ts';
import { root } from '../helpers/tarball.ts';
import { digest } from '../runtimes/page.ts';

const path = 'core/examples/README.md';

const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');

/** Runs the block under its own name. */
async function runSample({ key, code, folder }: RunnableBlock, ...before: readonly string[]): Promise<string> {
  await using sandbox = await startSandbox();
  await writeFile(join(folder, key), code);
  const ended = await runProgram(process.execPath, [...before, key], { cwd: folder, env: cloudreveEnv(sandbox) });
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(callsOf(sandbox), ['login', 'refresh', 'protected']);
  return ended.stdout;
}

const prints200 = async (block: RunnableBlock): Promise<void> => assert.equal(await runSample(block), '200\n');

testDocument(path, {
  'main.mjs': prints200,
  'main.cjs': prints200,
  'main.ts': prints200,
  'commonjs.ts': prints200,
  async 'jest.test.js'(block) {
    await runSample(block, '--experimental-vm-modules', jest, '--rootDir', '.');
  },
});

describe(path, () => {
  it('has a table of what runs where, of these samples (npm run test:runtimes writes it)', () => {
    assert.ok(readDocument(path).includes(` Samples ${digest()}.\n`));
  });
});
