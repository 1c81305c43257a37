import { join } from 'node:path';
import type { Sandbox } from '../../core/sandbox/index.ts';
import { cloudreveEnv, tconnectEnv } from '../helpers/documents.ts';
import { root } from '../helpers/tarball.ts';

/** The programs of core/examples/ that Node runs. */
export const examples: readonly string[] = ['sync-script', 'service', 'nightly-job', 'worker-threads'];

export const fileOf = (name: string): string => join(root, 'core/examples', `${name}.ts`);

/** The environment variables that the programs read. */
export const variablesFor = (sandbox: Sandbox): Record<string, string> => ({
  ...tconnectEnv(sandbox),
  ...cloudreveEnv(sandbox),
});
