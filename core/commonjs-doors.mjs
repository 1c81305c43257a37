/**
 * Writes the doors of the built package for CommonJS: a file that requires the ES module, so that both kinds of programs share one
 * instance, and declarations for TypeScript, which with `"module": "node16"` does not know that Node can require an ES module.
 */
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import ts from 'typescript';

const doors = ['', 'gateway/', 'sandbox/', 'testing/'].map((folder) => `dist/core/${folder}index`);
const declarations = doors.map((door) => `${door}.d.ts`);
const program = ts.createProgram(declarations, { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2024 });
const checker = program.getTypeChecker();

for (const door of doors) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(`${door}.d.ts`));
  const esm = `'./${basename(door)}.js'`;
  const mode = `with { 'resolution-mode': 'import' }`;
  const values = checker.getExportsOfModule(module).flatMap((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    if (!(target.flags & ts.SymbolFlags.Value)) return [];
    const { name } = symbol;
    const comment = ts
      .getJSDocCommentsAndTags(documented(target))
      .map((each) => `${each.getText()}\n`)
      .join('');
    const isType = target.flags & ts.SymbolFlags.Type;
    return [
      `${comment}export declare const ${name}: typeof esm.${name};`,
      ...(isType ? [`${comment}export type ${name} = esm.${name};`] : []),
    ];
  });
  const lines = [`import type * as esm from ${esm} ${mode};`, `export type * from ${esm} ${mode};`, ...values];
  await writeFile(`${door}.d.cts`, `${lines.join('\n')}\n`);
  await writeFile(`${door}.cjs`, `'use strict';\nmodule.exports = require(${esm});\n`);
}

/** The declaration that has the comment, which of a constant is its statement. */
function documented({ declarations: [declaration] }) {
  return ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
}
