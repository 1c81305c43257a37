import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Mocha from 'mocha';
import * as vscode from 'vscode';
import { prefixConsole } from './console-prefix.ts';
import type { HostTestResult } from './host-test-result.ts';

/** Entry point that VS Code calls in its extension host. */
export async function run(): Promise<void> {
  process.setSourceMapsEnabled(true);
  prefixConsole();
  // Mocha captured console.log when it was loaded.
  Mocha.reporters.Base.consoleLog = console.log;

  const editor = `${vscode.env.appName} ${vscode.version}`;
  const ui = vscode.env.uiKind === vscode.UIKind.Web ? 'in a browser' : 'desktop';
  console.log(`Running in ${editor} (${ui}, Node ${process.versions.node} in the extension host)`);

  const mocha = new Mocha({ ui: 'bdd', reporter: 'spec', timeout: 20_000, forbidOnly: Boolean(process.env.CI) });
  for (const name of await readdir(__dirname)) {
    if (name.endsWith('.host-test.cjs')) mocha.addFile(join(__dirname, name));
  }
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run((count) => {
      const { passes = 0, pending = 0 } = runner.stats ?? {};
      void report({ editor, ui, passes, pending, failures: count }).then(() => resolve(count));
    });
  });
  if (failures > 0) throw new Error(`${failures} failed`);
}

async function report(result: HostTestResult): Promise<void> {
  const file = process.env.HOST_TEST_RESULT;
  if (!file) return;
  await writeFile(`${file}.partial`, JSON.stringify(result));
  await rename(`${file}.partial`, file);
}
