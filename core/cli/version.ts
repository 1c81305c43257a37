import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The version of the package that this program belongs to, whether it is built or not. */
export function version(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
      if (manifest.name === 'partner-auth') return String(manifest.version);
    } catch {
      // It is in a folder above.
    }
  }
  return 'unknown';
}
