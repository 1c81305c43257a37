import { posix, win32 } from 'node:path';
import { configurationError } from '../../lib/errors.ts';
import { nodeOs } from '../../lib/node-modules.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Absolute paths. */
export interface Paths {
  /** The folder of what people edit. */
  readonly config: string;
  /** The folder of sessions and secrets, which does not roam to other machines. */
  readonly state: string;
  readonly profiles: string;
  readonly partners: string;
}

/**
 * Where profiles and their secrets are: in `PARTNER_AUTH_HOME`, which may be relative to the current folder, else in the
 * user's folders of the system.
 *
 * @throws PartnerAuthError `configuration` if there is no home folder.
 */
export function pathsOf(env: Environment, platform: NodeJS.Platform = process.platform): Paths {
  const path = platform === 'win32' ? win32 : posix;
  const of = (config: string, state: string): Paths => ({
    config,
    state,
    profiles: path.join(config, 'profiles.json'),
    partners: path.join(config, 'partners.json'),
  });
  const { PARTNER_AUTH_HOME: given } = env;
  if (given) {
    // Not every program that sets variables expands it.
    const expanded = /^~(?=$|[\\/])/.test(given) ? home(env) + given.slice(1) : given;
    const folder = path.resolve(expanded);
    return of(folder, path.join(folder, 'state'));
  }
  // The XDG base directory specification has relative paths ignored.
  const base = (variable: string, ...otherwise: string[]): string => {
    const folder = env[variable];
    return path.join(folder && path.isAbsolute(folder) ? folder : path.join(home(env), ...otherwise), 'partner-auth');
  };
  return platform === 'win32'
    ? of(base('APPDATA', 'AppData', 'Roaming'), base('LOCALAPPDATA', 'AppData', 'Local'))
    : of(base('XDG_CONFIG_HOME', '.config'), base('XDG_STATE_HOME', '.local', 'state'));
}

function home(env: Environment): string {
  const folder = env.HOME ?? env.USERPROFILE ?? systemHome();
  if (folder) return folder;
  throw configurationError(
    'PARTNER_AUTH_HOME',
    'The home folder of this user is unknown. Set PARTNER_AUTH_HOME to the folder for profiles and sessions.',
  );
}

function systemHome(): string {
  try {
    return nodeOs().homedir();
  } catch {
    // A user without an entry in the list of users, as in some containers.
    return '';
  }
}

/** Which of the two files of a profile. */
export type FileKind = 'session' | 'secrets';

/**
 * The name of a file of a profile. Different ids have different names, also where a file system ignores case, and none
 * is reserved on Windows. Undefined if it is not a valid id, for which there is no file.
 */
export function fileNameOf(kind: FileKind, id: string): string | undefined {
  if (!/^[\w.-]{1,64}$/.test(id)) return undefined;
  return `${kind}-${id.replace(/[A-Z]/g, (letter) => `+${letter.toLowerCase()}`).replaceAll('.', '++')}.json`;
}

/** The id of the profile that a file of this name belongs to. */
export function idOfFileName(kind: FileKind, name: string): string | undefined {
  const [, encoded] = new RegExp(`^${kind}-((?:[a-z\\d_-]|\\+[+a-z])+)\\.json$`).exec(name) ?? [];
  return encoded?.replace(/\+([+a-z])/g, (_, code: string) => (code === '+' ? '.' : code.toUpperCase()));
}
