import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, it } from 'node:test';
import { runProgram } from '../../helpers/run-program.ts';
import { root } from '../../helpers/tarball.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

describe('memoryStore', () => {
  it('keeps a program alive that has nothing to do but to wait for the lock', async () => {
    await using folder = await temporaryFolder();
    const file = folder.file('main.ts');
    const program = `
      const { memoryStore } = await import(${JSON.stringify(pathToFileURL(join(root, 'core/index.ts')).href)});
      const store = memoryStore();
      void store.lock(() => new Promise(() => {}));
      await store.lock(async () => {}, { timeout: 10 }).catch((error) => console.log(error.code));`;
    await writeFile(file, program);
    const { code, stdout, stderr } = await runProgram(process.execPath, [file]);
    assert.deepEqual([code, stdout, stderr], [0, 'lock\n', '']);
  });
});
