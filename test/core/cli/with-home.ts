import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { startSandbox, type Sandbox, type SandboxOptions, type SandboxPartner } from '../../../core/sandbox/index.ts';
import { profileOf } from '../../helpers/profile-of.ts';
import { runProgram, type ProgramResult, type RunOptions } from '../../helpers/run-program.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { command, main, secretVariables } from './command.ts';

export const storeKey = '5a'.repeat(32);

export interface HomeFixture {
  readonly sandbox: Sandbox;
  /** The folder of the profiles. */
  readonly home: string;
  file(name: string): string;
  /** Runs `partner-auth <args>` with this home, and `input` on stdin. */
  run(args: readonly string[], options?: RunOptions): Promise<ProgramResult>;
  /** The same, which must exit with 0. Returns its stdout. */
  succeed(args: readonly string[], options?: RunOptions): Promise<string>;
  /** Adds the profile of a sandbox partner, and signs in unless that is switched off. */
  add(
    name: string,
    partner: SandboxPartner,
    options?: { readonly signIn?: boolean; readonly store?: string },
  ): Promise<void>;
  /** How many calls of a kind the sandbox has received. */
  calls(kind: string): number;
}

export interface HomeOptions {
  readonly sandbox?: SandboxOptions;
}

/** Runs a test with a fresh home and a sandbox. */
export async function withHome<T>(options: HomeOptions, test: (fixture: HomeFixture) => Promise<T>): Promise<T> {
  await using folder = await temporaryFolder();
  await using sandbox = await startSandbox(options.sandbox);
  const home = folder.file('home');
  const run: HomeFixture['run'] = (args, { env, ...rest } = {}) =>
    command(args, { ...rest, env: { PARTNER_AUTH_HOME: home, PARTNER_AUTH_STORE_KEY: storeKey, ...env } });
  const succeed: HomeFixture['succeed'] = async (args, runOptions) => {
    const { code, stdout, stderr } = await run(args, runOptions);
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  return await test({
    sandbox,
    home,
    file: folder.file,
    run,
    succeed,
    async add(name, partner, { signIn = true, store } = {}) {
      const profile = JSON.stringify({ ...profileOf(sandbox, partner), id: name });
      await succeed(['profile', 'add', name, '--from', '-'], { input: profile });
      const args = ['login', name, ...(store === undefined ? [] : ['--store', store])];
      if (signIn) await succeed(args, { env: secretVariables(sandbox, partner) });
    },
    calls: (kind) => sandbox.journal.filter(({ call }) => call === kind).length,
  });
}

/** Runs commands of a document with `partner-auth` of this checkout, in the folder above the home. */
export async function runCommands(
  commands: string,
  { home, file }: HomeFixture,
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramResult> {
  const program = file('partner-auth');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, { mode: 0o755 });
  const path = `${dirname(program)}:${process.env.PATH ?? ''}`;
  const ended = await runProgram('bash', ['-ec', commands], {
    cwd: dirname(program),
    env: { PATH: path, PARTNER_AUTH_HOME: home, PARTNER_AUTH_STORE_KEY: storeKey, ...env },
  });
  assert.equal(ended.code, 0, ended.stderr);
  return ended;
}
