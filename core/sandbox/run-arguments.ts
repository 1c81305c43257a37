import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { defaultShell, type Shell } from '../lib/curl-command.ts';
import { parseJson } from '../lib/json.ts';
import { decodeText } from '../lib/text.ts';
import type { PartnerDefinition } from '../partners/definition.ts';
import type { SandboxDefinition } from './index.ts';

export const usage = `Usage: npm run sandbox -- [--port N] [--https] [--shell NAME] [--definition FILE [--cipher JSON]]...

  --definition FILE  also serves the partner of this JSON definition; can be repeated
  --cipher JSON      cipher settings of the preceding definition, such as '{"iv":{"from":"key"}}', without key and
                     IV, which the sandbox generates; default: a random key and a fixed IV
  --shell NAME       of the printed example: posix, powershell, cmd; default: powershell on Windows, posix elsewhere`;

const shells: readonly Shell[] = ['posix', 'powershell', 'cmd'];

export interface SandboxArguments {
  readonly port: number;
  readonly https: boolean;
  readonly definitions: readonly SandboxDefinition[];
  readonly shell: Shell;
}

/** @throws Error for an invalid argument, and for a file that cannot be read. */
export async function readArguments(args: readonly string[]): Promise<SandboxArguments> {
  const { tokens } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      https: { type: 'boolean' },
      definition: { type: 'string' },
      cipher: { type: 'string' },
      shell: { type: 'string' },
    },
    tokens: true,
  });
  let [port, https, shell] = [0, false, defaultShell(process.platform)];
  const definitions: SandboxDefinition[] = [];
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, value = '' } = token;
    if (name === 'https') https = true;
    else if (name === 'port') port = parsePort(value);
    else if (name === 'shell') shell = parseShell(value);
    else if (name === 'definition')
      definitions.push({ definition: readJson(value, decodeText(await readDefinition(value))) as PartnerDefinition });
    else {
      const last = definitions.pop();
      if (last === undefined) throw new Error('--cipher must follow a --definition.');
      definitions.push({ ...last, cipher: parseCipherSettings(value) });
    }
  }
  return { port, https, definitions, shell };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new Error('--port must be a number from 0 to 65535.');
}

function parseShell(text: string): Shell {
  const shell = shells.find((name) => name === text);
  if (shell === undefined) throw new Error(`--shell must be ${shells.join(', ')}.`);
  return shell;
}

// Any process on the machine can read arguments, and the sandbox prints its keys, so a partner's real ones must not be accepted.
function parseCipherSettings(text: string): Required<SandboxDefinition>['cipher'] {
  const settings = readJson('--cipher', text) as Required<SandboxDefinition>['cipher'] | null;
  if (typeof settings !== 'object' || settings === null) throw new Error('--cipher must be a JSON object.');
  if ('key' in settings || 'value' in (Object(settings.iv) as object)) {
    throw new Error(
      '--cipher takes no key and no IV, only their formats and the source of the IV: the sandbox generates them.',
    );
  }
  return settings;
}

// `startSandbox()` validates the value.
function readJson(name: string, text: string): unknown {
  const value = parseJson(text);
  if (value === undefined) throw new Error(`${name} is not valid JSON.`);
  return value;
}

async function readDefinition(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new Error(`The file ${path} of --definition could not be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
