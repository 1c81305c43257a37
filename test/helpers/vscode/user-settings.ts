import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export type Settings = Readonly<Record<string, unknown>>;

/** What a fresh VS Code shows or starts by itself and no test wants: tours, assistants, updates, suggestions. */
const quiet: Settings = {
  'chat.disableAIFeatures': true,
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.tips.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': 'off',
  // Settings in an ordinary tab, which does not block the rest of the window.
  'workbench.editor.useModal': 'off',
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'security.workspace.trust.untrustedFiles': 'open',
  // A click is a click at once, and a screenshot is never taken halfway.
  'workbench.reduceMotion': 'on',
};

/** Writes the user settings that VS Code finds when it starts. */
export async function writeUserSettings(userDataDir: string, settings: Settings = {}): Promise<void> {
  const file = join(userDataDir, 'User/settings.json');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify({ ...quiet, ...settings }, undefined, 2)}\n`);
}

/** The settings as VS Code or the extension has left them. */
export async function readUserSettings(userDataDir: string): Promise<Settings> {
  return JSON.parse(await readFile(join(userDataDir, 'User/settings.json'), 'utf8')) as Settings;
}
