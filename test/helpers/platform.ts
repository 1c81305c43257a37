import { spawnSync } from 'node:child_process';
import process from 'node:process';

const isWindows = process.platform === 'win32';

/** Options of a test or a suite. */
export interface Skip {
  readonly skip: string | false;
}

/** For what cannot run on Windows, with the reason. */
export function notOnWindows(reason: string): Skip {
  return { skip: isWindows && reason };
}

/** For what exists on Windows only. */
export const onWindows: Skip = { skip: !isWindows && 'requires Windows' };

/** For a test that runs the openssl command line, which Windows does not have unless somebody installed it. */
export const withOpenssl: Skip = {
  skip: isWindows && spawnSync('openssl', ['version']).status !== 0 && 'requires openssl on the path',
};
