import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export interface Translatable {
  /** Every message that is passed to `t('…')`. */
  readonly messages: readonly string[];
  /** Calls whose first argument is not a string literal, as `file: t(expression)`. */
  readonly dynamic: readonly string[];
}

/** Finds the messages that extension/ translates: the calls of a function named `t`. */
export function findTranslatable(root: string): Translatable {
  const messages = new Set<string>();
  const dynamic: string[] = [];
  for (const file of globSync('extension/**/*.ts', { cwd: root }).sort()) {
    const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest);
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && isTranslate(node.expression)) {
        const [first] = node.arguments;
        if (first !== undefined && ts.isStringLiteralLike(first)) messages.add(first.text);
        else dynamic.push(`${file.replaceAll('\\', '/')}: t(${first?.getText(source) ?? ''})`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { messages: [...messages].sort(), dynamic };
}

function isTranslate(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 't';
  return ts.isPropertyAccessExpression(callee) && callee.name.text === 't';
}
