import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * VS Code runs in a display language only when a language pack for it is registered, and then every extension gets its
 * own `package.nls.<language>.json` and `bundle.l10n.<language>.json`. This registers one without translations, as an
 * installed pack would be, so that VS Code's own texts, by which the page objects find their way, stay English.
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
