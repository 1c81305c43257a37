import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
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

/** The lint messages for this import in that file. */
async function lintMessages(file: string, source: string): Promise<string> {
  assert.ok(existsSync(join(root, file)), `${file} exists`);
  const [result] = await eslint.lintText(`import ${JSON.stringify(source)};\n`, { filePath: join(root, file) });
  const relevant = (result?.messages ?? []).filter(
    ({ ruleId, fatal }) => fatal === true || ruleId === 'no-restricted-imports',
  );
  return relevant.map(({ message }) => message).join('\n');
}

/** The source files with the files that each imports, including type imports. */
function importGraph(): ReadonlyMap<string, readonly string[]> {
  const files = globSync(['core/**/*.ts', 'extension/**/*.ts'], { cwd: root }).map((file) =>
    file.replaceAll('\\', '/'),
  );
  return new Map(
    files.map((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const sources = [...text.matchAll(/(?:from |import\()'(\.[^']+)'/g)].map(([, source = '']) => source);
      return [file, sources.map((source) => normalize(join(dirname(file), source)).replaceAll('\\', '/'))];
    }),
  );
}

/** The files of the first import cycle, or an empty list. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): readonly string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of graph.get(file) ?? []) {
      const found = walk(next, [...path, file]);
      if (found.length > 0) return found;
    }
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const found = walk(file, []);
    if (found.length > 0) return found;
  }
  return [];
}

describe('import directions', () => {
  const refused: [string, string, RegExp][] = [
    ['core/tokens/decode-token.ts', 'vscode', /Only extension\/host may touch vscode/],
    ['core/lib/clock.ts', 'got', /Only core\/transport imports got/],
    ['core/lib/clock.ts', 'got/dist/source/index.js', /Only core\/transport imports got/],
    ['core/lib/clock.ts', '../tokens/token-set.ts', /core\/lib imports only itself/],
    ['core/redact/redactor.ts', '../partners/definition.ts', /core\/redact imports only itself and the rooms below it/],
    ['core/tokens/expiry.ts', '../stores/stored-record.ts', /core\/tokens imports only/],
    ['core/stores/file-store.ts', 'node-forge', /Only core\/cipher/],
    ['core/stores/file-store.ts', '../session/session.ts', /core\/stores imports only/],
    ['core/exchange/partner-calls.ts', '../session/state.ts', /core\/exchange imports only/],
    ['core/session/session.ts', '../sandbox/index.ts', /core\/session imports only/],
    ['core/session/refresh/refresh.ts', '../../profiles/profile.ts', /core\/session imports only/],
    ['core/profiles/session-pool.ts', '../index.ts', /core\/profiles imports only/],
    ['core/profiles/files/paths.ts', '../../sandbox/index.ts', /core\/profiles imports only/],
    ['core/cli/main.ts', '../profiles/files/paths.ts', /core\/cli imports core through its doors/],
    ['core/index.ts', '../test/helpers/manual-clock.ts', /Nothing imports test/],
    ['core/index.ts', '../extension/extension.ts', /core\/ never imports extension/],
    ['core/transport/retry.ts', 'node-forge', /Only core\/cipher/],
    ['core/transport/retry.ts', 'vscode', /vscode/],
    ['core/cipher/cipher.ts', 'got', /Only core\/transport imports got/],
    ['core/gateway/serve-call.ts', '../sandbox/index.ts', /core\/gateway imports only/],
    ['core/session/session.ts', '../gateway/index.ts', /core\/session imports only/],
    ['core/gateway/serve-call.ts', 'got', /Only core\/transport imports got/],
    ['core/cli/main.ts', '../gateway/secret.ts', /core\/cli imports core through its doors/],
    ['core/cli/main.ts', 'got', /Only core\/transport imports got/],
    ['core/cli/main.ts', '../session/session.ts', /core\/cli imports core through its doors/],
    ['core/cli/main.ts', '../lib/plain-line.ts', /core\/cli imports core through its doors/],
    ['core/sandbox/codec/codec.ts', '../../cipher/cipher.ts', /core\/sandbox imports only itself .*\(lib, partners\)/],
    ['core/sandbox/codec/codec.ts', 'got', /Only core\/transport imports got/],
    ['core/sandbox/codec/codec.ts', 'vscode', /vscode/],
    ['extension/model/app.ts', '../../core/session/session.ts', /through one of its doors/],
    ['extension/host/ui.ts', '../../core/profiles/profile.ts', /through one of its doors/],
    ['extension/model/app.ts', '../host/ui.ts', /never import host/],
    ['extension/view/tooltip.ts', '../commands/refresh.ts', /view imports model and core/],
  ];
  for (const [file, source, message] of refused) {
    it(`forbid ${source} in ${file}`, async () => assert.match(await lintMessages(file, source), message));
  }

  const allowed: [string, string][] = [
    ['core/transport/got-transport.ts', 'got'],
    ['core/cipher/cipher.ts', 'node-forge/lib/aes.js'],
    ['core/sandbox/certificates.ts', 'node-forge'],
    ['core/sandbox/partners/tconnect.ts', '../tokens/jwt.ts'],
    ['core/cli/main.ts', '../sandbox/index.ts'],
    ['core/cli/main.ts', '../index.ts'],
    ['core/cli/main.ts', '../profiles/files/index.ts'],
    ['core/cli/main.ts', '../gateway/index.ts'],
    ['core/cli/main.ts', './arguments.ts'],
    ['core/session/session.ts', 'node:fs'],
    ['extension/host/ui.ts', '../../core/profiles/index.ts'],
    ['extension/host/sandbox.ts', '../../core/sandbox/index.ts'],
  ];
  for (const [file, source] of allowed) {
    it(`allow ${source} in ${file}`, async () => assert.equal(await lintMessages(file, source), ''));
  }

  it('form no cycle, including type imports', () => {
    const graph = importGraph();
    assert.ok(graph.size > 100);
    assert.deepEqual(findCycle(graph), []);
    assert.deepEqual(
      findCycle(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
        ]),
      ),
      ['b', 'c', 'b'],
    );
  });

  it('are restricted for every folder of core/', async () => {
    const folders = readdirSync(join(root, 'core'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const { name } of folders) {
      const [file] = globSync(`core/${name}/*.ts`, { cwd: root });
      assert.ok(file !== undefined, name);
      const source = name === 'cli' ? '../lib/json.ts' : '../index.ts';
      assert.match(await lintMessages(file, source), new RegExp(`core/${name} imports `), name);
    }
  });
});
