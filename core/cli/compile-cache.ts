import { join } from 'node:path';

/**
 * Where Node keeps the compiled code of this program. Not in the folder for temporary files, which is Node's default: there,
 * another user could leave code for it.
 */
export function compileCacheFolder(
  { XDG_CACHE_HOME, LOCALAPPDATA, HOME }: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): string {
  if (platform === 'win32' && isSet(LOCALAPPDATA)) return join(LOCALAPPDATA, 'partner-auth', 'cache');
  return join(isSet(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(home(HOME), '.cache'), 'partner-auth');
}

/** `node:os` is loaded only if it must be, because `token` is started often. */
function home(given: string | undefined): string {
  return isSet(given) ? given : process.getBuiltinModule('node:os').homedir();
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
