import process from 'node:process';

const isWindows = process.platform === 'win32';

/** Options of a test that cannot run on Windows, with the reason. */
export function notOnWindows(reason: string): { readonly skip: string | false } {
  return { skip: isWindows && reason };
}

/** Options of a test about something that only Windows has. */
export const onWindows: { readonly skip: string | false } = { skip: !isWindows && 'requires Windows' };
