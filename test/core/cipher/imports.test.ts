import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const index = new URL('../../../core/index.ts', import.meta.url).href;

/** The files under node_modules that a new process has loaded after it ran `code`. */
async function filesLoadedBy(code: string): Promise<string[]> {
  // A load hook, because require.cache does not contain ES modules such as got.
  const script = `
    import { registerHooks, createRequire } from 'node:module';
    const seen = new Set();
    registerHooks({
      load(url, context, next) {
        seen.add(url);
        return next(url, context);
      },
    });
    const core = await import(${JSON.stringify(index)});
    ${code}
    for (const file of Object.keys(createRequire(import.meta.url).cache)) seen.add(file);
    console.log(JSON.stringify([...seen]));
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
  const files = JSON.parse(stdout) as string[];
  const inside = files.map((file) =>
    file.replaceAll('\\\\', '/').split('/node_modules/').slice(1).join('/node_modules/'),
  );
  return [...new Set(inside.filter((file) => file !== ''))].sort();
}

const filesOf = (files: readonly string[], name: string): string[] =>
  files.filter((file) => file.startsWith(`${name}/`));

describe('importing the library', () => {
  it('loads neither got nor node-forge', async () => {
    const files = await filesLoadedBy('');
    assert.ok(filesOf(files, 'valibot').length > 0, 'the check finds packages that are loaded');
    assert.deepEqual(filesOf(files, 'got'), []);
    assert.deepEqual(filesOf(files, 'node-forge'), []);
  });

  it('loads only the AES files of node-forge, and only for the first cipher', async () => {
    const files = await filesLoadedBy(`
      const cipher = core.createCipher({ key: 'k'.repeat(32), iv: { from: 'key' } });
      cipher.decrypt(cipher.encrypt('payload'));
    `);
    assert.deepEqual(filesOf(files, 'got'), []);
    assert.deepEqual(filesOf(files, 'node-forge'), [
      'node-forge/lib/aes.js',
      'node-forge/lib/baseN.js',
      'node-forge/lib/cipher.js',
      'node-forge/lib/cipherModes.js',
      'node-forge/lib/forge.js',
      'node-forge/lib/util.js',
    ]);
  });
});
