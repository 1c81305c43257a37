import { nodeOs } from './node-modules.ts';

/** A path that may start with `~/`, for the home folder. */
export function fromHome(path: string): string {
  return path.replace(/^~(?=[\\/])/, () => nodeOs().homedir());
}
