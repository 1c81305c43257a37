/**
 * Runs the suite of test/host/ in a real VS Code: the one at `VSCODE_EXECUTABLE` if set; a downloaded desktop VS Code with
 * `VSCODE_DOWNLOAD=1` or a version, e.g. `VSCODE_DOWNLOAD=1.105.0`; otherwise the VS Code server from npm in a headless
 * browser. The tests use loopback only.
 */
import { mkdtemp, mkdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTests, TestRunFailedError } from '@vscode/test-electron';
import { bundleHostTests } from '../../host/bundle.ts';
import type { HostTestResult } from '../../host/host-test-result.ts';
import { cacheFolder, nodeExecutable } from './paths.ts';
import { writeUserSettings } from './user-settings.ts';

interface Editor {
  readonly description: string;
  readonly vscodeExecutablePath?: string;
  readonly version?: string;
  /** Arguments before those of VS Code. */
  readonly leadingArgs: readonly string[];
}

function chooseEditor(): Editor {
  const executable = process.env.VSCODE_EXECUTABLE;
  if (executable) return { description: executable, vscodeExecutablePath: executable, leadingArgs: [] };
  const download = process.env.VSCODE_DOWNLOAD;
  if (download) {
    const version = download === '1' ? 'stable' : download;
    return { description: `desktop VS Code, downloaded (${version})`, version, leadingArgs: [] };
  }
  // Runs the launcher with Node, because a copy of the repository may have lost its executable bit.
  const launcher = join(import.meta.dirname, 'launcher.ts');
  return {
    description: 'the VS Code server from npm in a headless browser',
    vscodeExecutablePath: nodeExecutable(),
    leadingArgs: [launcher],
  };
}

async function readResult(file: string): Promise<HostTestResult> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as HostTestResult;
  } catch (error) {
    throw new Error('The suite in VS Code did not complete: it wrote no result.', { cause: error });
  }
}

async function main(): Promise<void> {
  const editor = chooseEditor();
  console.log(`Host tests in ${editor.description}`);
  const { extensionPath, testsPath } = await bundleHostTests();
  // A short path, because VS Code creates a socket in it, and socket paths are limited to about 100 characters.
  const folder = await mkdtemp(join(tmpdir(), 'host-'));
  try {
    const result = join(folder, 'result.json');
    const userDataDir = join(folder, 'data');
    const workspace = join(folder, 'workspace');
    await mkdir(workspace);
    await writeUserSettings(userDataDir);
    await runTests({
      ...(editor.vscodeExecutablePath === undefined ? {} : { vscodeExecutablePath: editor.vscodeExecutablePath }),
      ...(editor.version === undefined ? {} : { version: editor.version }),
      cachePath: cacheFolder,
      extensionDevelopmentPath: extensionPath,
      extensionTestsPath: testsPath,
      launchArgs: [
        ...editor.leadingArgs,
        workspace,
        `--user-data-dir=${userDataDir}`,
        `--extensions-dir=${join(folder, 'extensions')}`,
      ],
      // In a folder of this run only, so that the result cannot come from an earlier run.
      extensionTestsEnv: { HOST_TEST_RESULT: result },
    });
    const { editor: ran, ui, passes, pending, failures } = await readResult(result);
    if (failures > 0 || passes === 0) throw new Error(`The suite passed ${passes} tests and failed ${failures}.`);
    console.log(`Host tests passed in ${ran} (${ui}): ${passes} passed, ${pending} pending.`);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

try {
  await main();
} catch (error) {
  if (error instanceof TestRunFailedError) console.error(`Host tests failed: ${error.message}.`);
  else console.error(error);
  process.exitCode = 1;
}
