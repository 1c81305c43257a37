import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { root } from '../helpers/tarball.ts';

const eslint = new ESLint({
  cwd: root,
  overrideConfigFile: join(root, '.eslint.config.mjs'),
  // Imports need no types, and types take ten seconds.
  overrideConfig: tseslint.configs.disableTypeChecked,
});

/** What lint says about this import if it stood in that file. */
async function complaint(file: string, source: string): Promise<string> {
  assert.ok(existsSync(join(root, file)), `${file} exists`);
  const [result] = await eslint.lintText(`import ${JSON.stringify(source)};\n`, { filePath: join(root, file) });
  const messages = (result?.messages ?? []).filter(
    ({ ruleId, fatal }) => fatal === true || ruleId === 'no-restricted-imports',
  );
  return messages.map(({ message }) => message).join('\n');
}

describe('import directions', () => {
  const refused: [string, string, RegExp][] = [
    ['core/token.ts', 'vscode', /Only extension\/host may touch vscode/],
    ['core/session/time/clock.ts', 'got', /Only core\/transport imports got/],
    ['core/session/time/clock.ts', 'got/dist/source/index.js', /Only core\/transport imports got/],
    ['core/stores/file-store.ts', 'node-forge', /Only core\/cipher/],
    ['core/session/session.ts', '../sandbox/index.ts', /The sandbox has its own door/],
    ['core/index.ts', '../test/helpers/manual-clock.ts', /Nothing imports test/],
    ['core/index.ts', '../extension/extension.ts', /core\/ never imports extension/],
    ['core/transport/retry.ts', 'node-forge', /Only core\/cipher/],
    ['core/transport/retry.ts', 'vscode', /vscode/],
    ['core/cipher/cipher.ts', 'got', /Only core\/transport imports got/],
    ['core/cli/main.ts', 'got', /Only core\/transport imports got/],
    ['core/sandbox/codec/codec.ts', '../cipher/cipher.ts', /shares no protocol code/],
    ['core/sandbox/codec/codec.ts', 'got', /Only core\/transport imports got/],
    ['core/sandbox/codec/codec.ts', 'vscode', /vscode/],
  ];
  for (const [file, source, message] of refused) {
    it(`${file} may not import ${source}`, async () => assert.match(await complaint(file, source), message));
  }

  const allowed: [string, string][] = [
    ['core/transport/got-transport.ts', 'got'],
    ['core/cipher/cipher.ts', 'node-forge/lib/aes.js'],
    ['core/sandbox/certificates.ts', 'node-forge'],
    ['core/cli/main.ts', '../sandbox/index.ts'],
    ['core/session/session.ts', 'node:fs'],
  ];
  for (const [file, source] of allowed) {
    it(`${file} may import ${source}`, async () => assert.equal(await complaint(file, source), ''));
  }
});
