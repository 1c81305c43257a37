import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Prompt {
  readonly place: string;
  readonly name: string;
  readonly keepsFocus: boolean;
}

/**
 * All prompts of the extension. One that is shown by a function of VS Code must have `ignoreFocusOut: true` in its options; one
 * that is created must have it set in the same file.
 */
function findPrompts(): readonly Prompt[] {
  return globSync('extension/**/*.ts', { cwd: root }).flatMap((file) => {
    const source = ts.createSourceFile(file, readFileSync(`${root}${file}`, 'utf8'), ts.ScriptTarget.Latest, true);
    const prompts: Prompt[] = [];
    const visit = (node: ts.Node): void => {
      const callee =
        ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) ? node.expression : undefined;
      const name = callee?.name.text ?? '';
      if (
        ts.isCallExpression(node) &&
        /^(?:show(?:QuickPick|InputBox|WorkspaceFolderPick)|create(?:QuickPick|InputBox))$/.test(name)
      ) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        const scope = name.startsWith('show')
          ? node.arguments.map((argument) => argument.getText()).join()
          : source.text;
        const pattern = name.startsWith('show') ? /\bignoreFocusOut: true\b/ : /\.ignoreFocusOut = true;/;
        prompts.push({ place: `${file.replaceAll('\\', '/')}:${line + 1}`, name, keepsFocus: pattern.test(scope) });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return prompts;
  });
}

describe('the prompts of the extension', () => {
  const prompts = findPrompts();

  it('are found', () => assert.ok(prompts.length >= 3, JSON.stringify(prompts)));

  it('keep what was typed when the focus moves elsewhere', () =>
    assert.deepEqual(
      prompts.filter(({ keepsFocus }) => !keepsFocus),
      [],
    ));
});
