import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export interface Translatable {
  /** Every text that is handed to `t('...')`. */
  readonly texts: readonly string[];
  /** Calls whose first argument is no string literal, as `file: t(expression)`. */
  readonly dynamic: readonly string[];
}

/** What extension/ asks to be translated, read off its syntax: calls of a function named `t`. */
export function translatable(root: string): Translatable {
  const texts = new Set<string>();
  const dynamic: string[] = [];
  for (const file of globSync('extension/**/*.ts', { cwd: root }).sort()) {
    const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest);
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && isTranslate(node.expression)) {
        const [first] = node.arguments;
        if (first !== undefined && ts.isStringLiteralLike(first)) texts.add(first.text);
        else dynamic.push(`${file.replaceAll('\\', '/')}: t(${first?.getText(source) ?? ''})`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { texts: [...texts].sort(), dynamic };
}

function isTranslate(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 't';
  return ts.isPropertyAccessExpression(callee) && callee.name.text === 't';
}
