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
  /** Points to the bundled fonts, so that pages render the same on a machine without fonts. */
  readonly env: Readonly<Record<string, string>>;
}

/** Unpacks the headless Chromium of the npm package @sparticuz/chromium (Linux x64) into the cache folder, once. */
export async function ensureChromium(): Promise<ChromiumInstallation> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('No installed Chrome, Chromium or Edge could be started. Install one or set BROWSER_EXECUTABLE.');
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

/** Runs in a child process, because the package always unpacks into the temporary folder of its process. */
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

/** Replaces the configuration of the package, which points to folders of its target platform. */
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
