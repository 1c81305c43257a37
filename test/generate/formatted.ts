import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

export const root = join(import.meta.dirname, '..', '..');

/** The text as the repository formats a file at this path. */
export async function formatted(path: string, text: string): Promise<string> {
  const filepath = join(root, path);
  return format(text, { ...(await resolveConfig(filepath)), filepath });
}
