import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const index = new URL('../../../core/index.ts', import.meta.url).href;

/** What a fresh process has loaded from node_modules after `code`, as paths inside it. */
async function loadedBy(code: string): Promise<string[]> {
  // got is ESM, which require.cache does not know; a resolve hook sees both kinds.
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

const of = (files: readonly string[], name: string): string[] => files.filter((file) => file.startsWith(`${name}/`));

describe('importing the library', () => {
  it('loads neither got nor node-forge', async () => {
    const files = await loadedBy('');
    assert.ok(of(files, 'valibot').length > 0, 'the watch itself works');
    assert.deepEqual(of(files, 'got'), []);
    assert.deepEqual(of(files, 'node-forge'), []);
  });

  it('loads of node-forge only what its AES needs, and only with the first cipher', async () => {
    const files = await loadedBy(`
      const cipher = core.createCipher({ key: 'k'.repeat(32), iv: { from: 'key' } });
      cipher.decrypt(cipher.encrypt('payload'));
    `);
    assert.deepEqual(of(files, 'got'), []);
    assert.deepEqual(of(files, 'node-forge'), [
      'node-forge/lib/aes.js',
      'node-forge/lib/baseN.js',
      'node-forge/lib/cipher.js',
      'node-forge/lib/cipherModes.js',
      'node-forge/lib/forge.js',
      'node-forge/lib/util.js',
    ]);
  });
});
