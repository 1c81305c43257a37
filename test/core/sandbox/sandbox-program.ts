import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, dirname } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { assertDefined } from './clients.ts';

export const program = fileURLToPath(new URL('../../../core/sandbox/run.ts', import.meta.url));

export interface SandboxProgram extends AsyncDisposable {
  /** The example to paste. */
  readonly example: string;
  /** With `--https`: the file of its certificate authority. */
  readonly caFile: string;
  /** The folder that holds this file. */
  readonly caFolder: string;
  /** Resolves when the program has exited. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Starts `npm run sandbox` with these arguments, and `folder` as the folder for temporary files. */
export async function startProgram(args: readonly string[], folder?: string): Promise<SandboxProgram> {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...(folder !== undefined && { TMPDIR: folder, TEMP: folder, TMP: folder }) },
  });
  const exited = once(child, 'exit');
  let output = '';
  child.stdout.setEncoding('utf8');
  while (!output.includes('Ctrl+C to stop')) output += String(await once(child.stdout, 'data'));
  child.stdout.resume();
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  const caFile = /^Certificate authority {2}(.+)$/m.exec(output)?.[1] ?? '';
  return {
    example: assertDefined(/^Example.*\n([^]+)\n\nCtrl/m.exec(output)?.[1]),
    caFile,
    caFolder: basename(dirname(caFile)),
    end,
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  };
}
