import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installOnce } from './install-once.ts';
import { cacheFolder } from '../paths.ts';

export interface ChromiumInstallation {
  readonly executablePath: string;
  /** Names the fonts, so that it runs and looks the same with and without fonts on the machine. */
  readonly env: Readonly<Record<string, string>>;
}

/** The headless Chromium inside the npm package @sparticuz/chromium (Linux x64), unpacked into the cache folder. */
export async function provideChromium(): Promise<ChromiumInstallation> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('No installed Chrome, Chromium or Edge starts; install one or set BROWSER_EXECUTABLE.');
  }
  const target = join(cacheFolder, `chromium-${await packageVersion()}`);
  const folder = await installOnce(target, async (staging) => {
    await unpack(staging);
    await writeFile(join(staging, 'fonts/fonts.conf'), fontConfiguration(target));
  });
  return {
    executablePath: join(folder, 'chromium'),
    env: { FONTCONFIG_FILE: join(folder, 'fonts/fonts.conf') },
  };
}

const packageEntry = createRequire(import.meta.url).resolve('@sparticuz/chromium');

async function packageVersion(): Promise<string> {
  const manifest = await readFile(join(packageEntry, '../../package.json'), 'utf8');
  return /"version": "([^"]+)"/.exec(manifest)?.[1] ?? 'unknown';
}

/** In a process of its own, because the package knows one place only: the temporary folder of its process. */
async function unpack(staging: string): Promise<void> {
  console.log('Unpacking headless Chromium into .vscode-test/ (once) ...');
  const script = `import(${JSON.stringify(pathToFileURL(packageEntry).href)}).then((m) => m.default.executablePath())`;
  const child = spawn(process.execPath, ['--eval', script], {
    env: { ...process.env, TMPDIR: staging },
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`Unpacking @sparticuz/chromium failed with exit code ${code ?? 'none'}.`);
}

/** The package's own configuration points at folders that only its home platform has. */
function fontConfiguration(folder: string): string {
  const prefer = (family: string, ...fonts: string[]): string =>
    `  <alias binding="strong"><family>${family}</family><prefer>${fonts.map((font) => `<family>${font}</family>`).join('')}</prefer></alias>`;
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <cachedir>${folder}/fonts-cache</cachedir>
${prefer('system-ui', 'Open Sans')}
${prefer('sans-serif', 'Open Sans')}
${prefer('monospace', 'DejaVu Sans Mono', 'Liberation Mono', 'Open Sans')}
</fontconfig>
`;
}
