import { fileURLToPath } from 'node:url';
import type { Sandbox, SandboxPartner } from '../../../core/sandbox/index.ts';
import { runProgram, type ProgramResult, type RunOptions } from '../../helpers/run-program.ts';

export const main = fileURLToPath(new URL('../../../core/cli/main.ts', import.meta.url));

/** Runs `partner-auth <args>`. */
export function command(args: readonly string[], options: RunOptions = {}): Promise<ProgramResult> {
  return runProgram(process.execPath, [main, ...args], options);
}

/** Runs `npm start -- <args>` without npm. */
export function demo(args: readonly string[], options: RunOptions = {}): Promise<ProgramResult> {
  return command(['demo', ...args], options);
}

/** Returns the secrets of the partner's account as the environment variables that the command reads. */
export function secretVariables(sandbox: Sandbox, partner: SandboxPartner): Record<string, string> {
  const { credentials, cipher } = sandbox.profiles[partner];
  const entries = Object.entries(credentials as unknown as Record<string, string>);
  return {
    ...Object.fromEntries(entries.map(([name, value]) => [`PARTNER_AUTH_${name.toUpperCase()}`, value])),
    ...(cipher && { PARTNER_AUTH_KEY: cipher.key }),
    ...(cipher?.iv.from === 'fixed' && { PARTNER_AUTH_IV: cipher.iv.value }),
  };
}

/** Returns the arguments that select the partner and its settings. */
export function connectionArguments(sandbox: Sandbox, partner: SandboxPartner): string[] {
  const { partnerCode, cipher } = sandbox.profiles[partner];
  const args = ['--partner', partner, '--base-url', sandbox.url];
  if (partnerCode !== undefined) args.push('--partner-code', partnerCode);
  if (cipher === undefined) return args;
  args.push('--key-format', cipher.keyFormat, '--output', cipher.output, '--iv', cipher.iv.from);
  return cipher.iv.from === 'fixed' ? [...args, '--iv-format', cipher.iv.format] : args;
}
