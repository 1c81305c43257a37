import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Registers a language pack without translations. VS Code uses a display language only if a language pack for it is
 * registered, and then loads `package.nls.<language>.json` and `bundle.l10n.<language>.json` of each extension. VS Code's
 * own strings, which the page objects rely on, stay English.
 */
export async function writeLanguagePack(userDataDir: string, language: string): Promise<void> {
  const folder = join(userDataDir, 'language-pack');
  const translation = join(folder, 'main.i18n.json');
  await mkdir(folder, { recursive: true });
  await writeFile(translation, JSON.stringify({ contents: {} }));
  const packs = {
    [language]: {
      hash: 'empty',
      label: language,
      extensions: [{ extensionIdentifier: { id: `test.language-pack-${language}` }, version: '1.0.0' }],
      translations: { vscode: translation },
    },
  };
  await writeFile(join(userDataDir, 'languagepacks.json'), JSON.stringify(packs));
}
