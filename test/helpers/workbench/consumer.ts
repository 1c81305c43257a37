import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '../vscode/paths.ts';
import { runProgram } from '../run-program.ts';

/** Packs a small extension that requests a session, like any other extension would, and shows the result. */
export async function packConsumer(folder: string): Promise<string> {
  const packagePath = join(folder, 'consumer.vsix');
  const source = join(folder, 'consumer');
  await mkdir(source);
  const manifest = {
    name: 'consumer',
    publisher: 'someone-else',
    version: '1.0.0',
    description: 'Requests a session.',
    license: 'MIT',
    engines: { vscode: '^1.105.0' },
    main: './main.js',
    files: ['main.js', 'LICENSE'],
    contributes: { commands: [{ command: 'consumer.requestSession', title: 'Request Session', category: 'Consumer' }] },
  };
  await writeFile(join(source, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(source, 'LICENSE'), 'MIT');
  await writeFile(join(source, 'README.md'), 'Test fixture.');
  await writeFile(join(source, 'main.js'), mainFile);
  const vsce = join(repositoryRoot, 'node_modules/@vscode/vsce/vsce');
  const options = ['--no-dependencies', '--allow-missing-repository', '--out', packagePath];
  const { code, stderr } = await runProgram(process.execPath, [vsce, 'package', ...options], { cwd: source });
  if (code !== 0) throw new Error(`vsce failed: ${stderr}`);
  return packagePath;
}

const mainFile = `
const { authentication, commands, env, window } = require('vscode');
let changes = 0;
exports.activate = ({ subscriptions }) => {
  const requestSession = async () => {
    try {
      const session = await authentication.getSession('partner-auth', ['tconnect'], { createIfNone: true });
      await env.clipboard.writeText(session.accessToken);
      void window.showInformationMessage(\`received \${session.account.label}, changes: \${changes}\`);
    } catch (error) {
      void window.showErrorMessage(\`rejected: \${error.message}\`);
    }
  };
  subscriptions.push(
    authentication.onDidChangeSessions(() => (changes += 1)),
    commands.registerCommand('consumer.requestSession', requestSession),
  );
};
`;
