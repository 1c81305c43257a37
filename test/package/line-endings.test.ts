import assert from 'node:assert/strict';
import { cp, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { runProgram } from '../helpers/run-program.ts';
import { root } from '../helpers/tarball.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

describe('a clone with core.autocrlf', () => {
  it('has the bytes of the repository, as prettier and the vectors require', async () => {
    await using folder = await temporaryFolder();
    const git = async (...args: string[]): Promise<void> => {
      const config = ['core.autocrlf=true', 'user.name=test', 'user.email=test@example.com', 'commit.gpgSign=false'];
      const all = [...config.flatMap((setting) => ['-c', setting]), ...args];
      const { code, stderr } = await runProgram('git', all, { cwd: folder.path });
      assert.equal(code, 0, stderr);
    };
    await git('init', '--quiet');
    const files = ['README.md', 'package.json', '.ci/run', 'core/index.ts', 'extension/media/icon.png'];
    for (const file of ['.gitattributes', ...files]) await cp(join(root, file), folder.file(basename(file)));
    await git('add', '.');
    await git('commit', '--quiet', '--message', 'files');
    for (const file of files) await rm(folder.file(basename(file)));
    await git('checkout', '--quiet', '.');
    for (const file of files)
      assert.ok((await readFile(folder.file(basename(file)))).equals(await readFile(join(root, file))), file);
  });
});
