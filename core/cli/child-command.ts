import { statSync } from 'node:fs';
import { win32 } from 'node:path';

export interface ChildCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** The arguments are quoted already. */
  readonly windowsVerbatimArguments?: true;
}

export interface ChildEnvironment {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isFile?: (path: string) => boolean;
}

/**
 * How a command is started. On Windows many are scripts for cmd, such as `npm.cmd`, which only cmd can start: they are
 * searched for as cmd does, and started with their arguments quoted for it. Elsewhere it is the command itself.
 */
export function childCommand(
  program: string,
  args: readonly string[],
  { platform, env, isFile = isExistingFile }: ChildEnvironment,
): ChildCommand {
  const found = platform === 'win32' ? find(program, env, isFile) : undefined;
  if (found === undefined || !/\.(?:cmd|bat)$/i.test(found)) return { file: found ?? program, args };
  // Scripts of npm pass their arguments on to a second cmd.
  const line = [escapeMeta(win32.normalize(found)), ...args.map((arg) => escapeMeta(escapeMeta(quote(arg))))].join(' ');
  const cmd = variable(env, 'comspec') ?? 'cmd.exe';
  return { file: cmd, args: ['/d', '/s', '/c', `"${line}"`], windowsVerbatimArguments: true };
}

function find(program: string, env: ChildEnvironment['env'], isFile: (path: string) => boolean): string | undefined {
  const hasFolder = /[\\/]/.test(program);
  const folders = hasFolder ? [''] : (variable(env, 'path') ?? '').split(';').filter((folder) => folder !== '');
  const extensions = (variable(env, 'pathext') ?? '.COM;.EXE;.BAT;.CMD').split(';');
  const hasExtension = extensions.some((extension) => program.toLowerCase().endsWith(extension.toLowerCase()));
  const names = hasExtension ? [program] : extensions.map((extension) => program + extension);
  return folders
    .flatMap((folder) => names.map((name) => (hasFolder ? name : win32.join(folder, name))))
    .find((path) => isFile(path));
}

/** Names of variables have no case on Windows. */
function variable(env: ChildEnvironment['env'], name: string): string | undefined {
  return Object.entries(env).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** As the C runtime splits a command line. */
function quote(arg: string): string {
  return `"${arg.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
}

/** As cmd takes them literally. */
function escapeMeta(text: string): string {
  return text.replace(/[()\][%!^"`<>&|;, *?]/g, '^$&');
}

function isExistingFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
