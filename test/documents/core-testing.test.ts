import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeBlocks } from '../helpers/markdown.ts';
import { readDocument, testDocument, type RunnableBlock } from '../helpers/documents.ts';
import { runProgram } from '../helpers/run-program.ts';
import { root } from '../helpers/tarball.ts';

const path = 'core/testing/README.md';

/** Runs the block with all files of the page next to it, and resolves what the runner reports. */
async function runTests({ code, folder }: RunnableBlock, ...args: readonly string[]): Promise<string> {
  for (const { key, code } of codeBlocks(readDocument(path))) await writeFile(join(folder, key), code);
  const ended = await runProgram(process.execPath, args, { cwd: folder, env: { NO_COLOR: '1', CI: '1' } });
  const report = ended.stdout + ended.stderr;
  assert.equal(ended.code, 0, report);
  const count = code.match(/^it\(/gm)?.length;
  assert.match(report, new RegExp(`(?:Tests:? +|ℹ pass )${count}(?: passed|\n)`));
  return report;
}

/** Run by the tests of each runner. */
const isUsed = async ({ key }: RunnableBlock): Promise<void> =>
  assert.ok(readDocument(path).includes(`'./${key}'`) || key === 'jest.config.js');

const packageFile = (name: string): string => join(root, 'node_modules', name);

testDocument(path, {
  'report.ts': isUsed,
  'jest.config.js': isUsed,
  'strip-types.js': isUsed,

  async 'vitest.test.ts'(block) {
    await runTests(block, packageFile('vitest/vitest.mjs'), 'run', '--root', '.', 'vitest.test.ts');
  },

  async 'jest.test.ts'(block) {
    await runTests(block, '--experimental-vm-modules', packageFile('jest/bin/jest.js'), '--rootDir', '.');
  },

  async 'node.test.ts'(block) {
    await runTests(block, '--test', '--test-reporter=spec', 'node.test.ts');
  },
});
