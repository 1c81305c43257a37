import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';
import ts from 'typescript';
import { documents, readDocument } from '../helpers/documents.ts';
import { anchors, codeBlocks, firstColumn } from '../helpers/markdown.ts';
import { runProgram } from '../helpers/run-program.ts';
import { root } from '../helpers/tarball.ts';

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

describe('the documents', () => {
  it('have a test for every code block', () => {
    const tests = globSync('test/documents/*.test.ts', { cwd: root }).map((file) => readDocument(file));
    for (const path of documents) {
      if (codeBlocks(readDocument(path)).length === 0) continue;
      assert.ok(
        tests.some((test) => test.includes(`testDocument(path,`) && test.includes(`path = '${path}'`)) ||
          tests.some((test) => test.includes(`testDocument('${path}',`)),
        `${path} has code blocks and no test in test/documents/`,
      );
    }
  });

  it('have TypeScript that compiles with the strictest options of tsc', async () => {
    const folder = join(root, 'out', 'documents-types');
    await rm(folder, { recursive: true, force: true });
    let count = 0;
    for (const path of documents) {
      for (const { key, language, code } of codeBlocks(readDocument(path))) {
        if (language !== 'ts') continue;
        // A key that is a file name is that of a file which others import.
        const file = join(folder, path.replace(/\W+/g, '-'), key.endsWith('.ts') ? key : join(key, 'main.ts'));
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, code);
        count++;
      }
    }
    assert.ok(count >= 10);
    const compilerOptions = {
      ...{ module: 'nodenext', target: 'es2024', lib: ['es2024', 'esnext.disposable'], types: ['node'] },
      ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noImplicitOverride: true },
      ...{ noEmit: true, allowImportingTsExtensions: true, moduleDetection: 'force', skipLibCheck: true },
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['.'] }));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const { code, stdout } = await runProgram(process.execPath, [tsc, '-p', folder]);
    assert.equal(code, 0, stdout);
  });

  it('have TypeScript without casts, which would hide what does not compile', () => {
    const casts = documents.flatMap((path) =>
      codeBlocks(readDocument(path))
        .filter(({ language }) => language === 'ts')
        .flatMap(({ key, code }) => castsIn(code).map((cast) => `${path}, ${key}: ${cast}`)),
    );
    assert.deepEqual(casts, []);
    assert.deepEqual(castsIn('const a = b as C;\nconst [d] = [e!, <F>g] as const;\nlet h: any;'), [
      'b as C',
      'e!',
      '<F>g',
      'any',
    ]);
  });

  it('have links that lead to files and headings that exist', () => {
    const broken: string[] = [];
    for (const path of documents) {
      for (const [, target = ''] of readDocument(path).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const [file = '', anchor] = target.split('#');
        const linked = file === '' ? path : normalize(join(dirname(path), file));
        if (!existsSync(join(root, linked))) broken.push(`${path}: ${target}`);
        else if (anchor !== undefined && !anchors(readDocument(linked)).includes(anchor))
          broken.push(`${path}: ${target}`);
      }
    }
    assert.deepEqual(broken, []);
  });

  it('name only npm scripts that exist', () => {
    for (const path of documents) {
      for (const [, script = ''] of readDocument(path).matchAll(/npm run ([\w:-]+)/g))
        assert.ok(script in manifest.scripts, `${path} names npm run ${script}`);
    }
  });

  it('give the reason for every dependency, and for no other', () => {
    const listed = (header: string): string[] =>
      firstColumn(readDocument('CONTRIBUTING.md'), header).flatMap((cell) => cell.split(', '));
    const { dependencies, optionalDependencies } = manifest;
    assert.deepEqual(listed('runtime').sort(), Object.keys({ ...dependencies, ...optionalDependencies }).sort());
    assert.deepEqual(listed('development').sort(), Object.keys(manifest.devDependencies).sort());
  });

  it('are about dependencies at exact versions', () => {
    const { dependencies, optionalDependencies, devDependencies } = manifest;
    for (const version of Object.values({ ...dependencies, ...optionalDependencies, ...devDependencies }))
      assert.match(version, /^\d+\.\d+\.\d+$/);
  });
});

/** The expressions of a program whose type is stated instead of checked, and each `any`. */
function castsIn(code: string): string[] {
  const casts: string[] = [];
  const source = ts.createSourceFile('main.ts', code, ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    const isCast = ts.isAsExpression(node) ? node.type.getText() !== 'const' : ts.isNonNullExpression(node);
    if (isCast || ts.isTypeAssertionExpression(node) || node.kind === ts.SyntaxKind.AnyKeyword)
      casts.push(node.getText());
    ts.forEachChild(node, visit);
  };
  visit(source);
  return casts;
}
