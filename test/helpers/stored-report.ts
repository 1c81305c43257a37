import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatFile, root } from '../generate/format-file.ts';

/** A README.md that is rendered from the results.json next to it. */
export interface StoredReport<T> {
  /** @throws Error when there is no results.json. */
  read(): Promise<T>;
  /** The README.md of these results, as prettier formats it. */
  render(results: T): Promise<string>;
  /** Writes results.json, and README.md from it. */
  write(results: T): Promise<void>;
}

/** `folder` is relative to the root of the repository. */
export function storedReport<T>(folder: string, render: (results: T) => string): StoredReport<T> {
  const resultsPath = `${folder}/results.json`;
  const readmePath = `${folder}/README.md`;
  const renderFormatted = (results: T): Promise<string> => formatFile(readmePath, render(results));
  return {
    read: async () => JSON.parse(await readFile(join(root, resultsPath), 'utf8')) as T,
    render: renderFormatted,
    async write(results) {
      await writeFile(join(root, resultsPath), await formatFile(resultsPath, JSON.stringify(results)));
      await writeFile(join(root, readmePath), await renderFormatted(results));
    },
  };
}
