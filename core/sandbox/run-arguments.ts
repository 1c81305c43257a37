import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { PartnerDefinition } from '../partners/definition.ts';
import type { SandboxDefinition } from './index.ts';

export const usage = `Usage: npm run sandbox -- [--port N] [--https] [--definition FILE [--cipher JSON]]...

  --definition FILE  plays this partner too, from its definition as JSON; may be given more than once
  --cipher JSON      its cipher settings, such as '{"iv":{"from":"key"}}'; default: a random key and a fixed IV;
                     never a key or an IV: the sandbox makes them up`;

export interface SandboxArguments {
  readonly port: number;
  readonly https: boolean;
  readonly definitions: readonly SandboxDefinition[];
}

/** @throws Error for what is no argument of this program, and for a file that can not be read. */
export async function readArguments(): Promise<SandboxArguments> {
  const { tokens } = parseArgs({
    options: {
      port: { type: 'string' },
      https: { type: 'boolean' },
      definition: { type: 'string' },
      cipher: { type: 'string' },
    },
    tokens: true,
  });
  let [port, https] = [0, false];
  const definitions: SandboxDefinition[] = [];
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, value = '' } = token;
    if (name === 'https') https = true;
    else if (name === 'port') port = portOf(value);
    else if (name === 'definition')
      definitions.push({ definition: parsed(value, await readFile(value, 'utf8')) as PartnerDefinition });
    else {
      const last = definitions.pop();
      if (last === undefined) throw new Error('--cipher belongs after a --definition.');
      definitions.push({ ...last, cipher: cipherSettings(value) });
    }
  }
  return { port, https, definitions };
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new Error('--port must be a number from 0 to 65535.');
}

// Anybody on the machine can read arguments, and the sandbox shows its keys on the screen: a partner's real ones must not be there.
function cipherSettings(text: string): Required<SandboxDefinition>['cipher'] {
  const settings = parsed('--cipher', text) as Required<SandboxDefinition>['cipher'] | null;
  if (typeof settings !== 'object' || settings === null) throw new Error('--cipher must be a JSON object.');
  if ('key' in settings || 'value' in (Object(settings.iv) as object)) {
    throw new Error(
      '--cipher takes no key and no IV, only how they are written and where the IV comes from: the sandbox makes them up.',
    );
  }
  return settings;
}

// The sandbox checks what is in it.
function parsed(name: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error(`${name} is no JSON.`);
  }
}
