import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export type Settings = Readonly<Record<string, unknown>>;

/** Turns off what a fresh VS Code shows or starts by itself: walkthroughs, assistants, updates, recommendations. */
const baseSettings: Settings = {
  'chat.disableAIFeatures': true,
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.tips.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': 'off',
  // Opens settings in an ordinary tab, which does not block the rest of the window.
  'workbench.editor.useModal': 'off',
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  // A test of Restricted Mode turns it on.
  'security.workspace.trust.enabled': false,
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
  'security.workspace.trust.untrustedFiles': 'open',
  // Clicks take effect at once, and no screenshot is taken during an animation.
  'workbench.reduceMotion': 'on',
};

/** Writes the user settings before VS Code starts. */
export async function writeUserSettings(userDataDir: string, settings: Settings = {}): Promise<void> {
  const file = join(userDataDir, 'User/settings.json');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify({ ...baseSettings, ...settings }, undefined, 2)}\n`);
}

/** Reads the current user settings, including changes by VS Code and the extension. */
export async function readUserSettings(userDataDir: string): Promise<Settings> {
  return JSON.parse(await readFile(join(userDataDir, 'User/settings.json'), 'utf8')) as Settings;
}
