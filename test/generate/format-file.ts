import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

export const root = join(import.meta.dirname, '..', '..');

/** Formats the content of a generated file as the repository formats a file at this path. */
export async function formatFile(path: string, content: string): Promise<string> {
  const filepath = join(root, path);
  return format(content, { ...(await resolveConfig(filepath)), filepath });
}
