import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Shell } from '../../core/codegen/index.ts';

/** Reads a pasted curl command as its shell does, without that shell; returns the arguments of curl. */
export const readCommand: Readonly<Record<Shell, (command: string) => string[]>> = {
  posix: readPosix,
  cmd: readCmd,
  powershell: readPowershell,
};

/** The arguments that a real POSIX shell passes to `curl`, here a shell function that prints them. */
export function runPosix(command: string): string[] {
  const script = `curl() { for argument in "$@"; do printf '%s\\0' "$argument"; done; }\n${command}`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

/** The arguments that the real cmd passes to a program, which stands for curl.exe. */
export function runCmd(command: string): string[] {
  const write = "require('fs').writeFileSync('received.json', JSON.stringify(process.argv.slice(2)))";
  const run = (folder: string): unknown =>
    spawnSync('cmd.exe', ['/d', '/q', '/k'], {
      cwd: folder,
      // As typed at a prompt. In a batch file, percent signs mean something else.
      input: `${command.replace('curl.exe', `"${process.execPath}" write.cjs`).replaceAll('\n', '\r\n')}\r\nexit\r\n`,
    });
  return JSON.parse(receivedBy(write, run)) as string[];
}

/** As `runCmd`, for Windows PowerShell, with curl's reading of its stdin. */
export function runPowershell(command: string): string[] {
  const write = "require('fs').writeFileSync('received.json', require('fs').readFileSync(0))";
  const config = receivedBy(write, (folder) => {
    const script = command.replace('curl.exe --config -', `& '${process.execPath.replaceAll("'", "''")}' write.cjs`);
    // Without the mark, Windows PowerShell reads a script as ANSI.
    writeFileSync(join(folder, 'script.ps1'), `\ufeff${script.replaceAll('\n', '\r\n')}\r\n`);
    const args = ['-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', 'script.ps1'];
    spawnSync('powershell.exe', args, { cwd: folder });
  });
  return readConfig(config.trimEnd());
}

/** What a program writes to received.json while `run` starts it in this folder. */
function receivedBy(program: string, run: (folder: string) => unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'partner-auth-test-'));
  try {
    writeFileSync(join(folder, 'write.cjs'), program);
    run(folder);
    return readFileSync(join(folder, 'received.json'), 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Words, single quotes and backslashes (POSIX, XCU 2.2); throws for anything that means more than that. */
function readPosix(command: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (const [part, quoted, escaped, blank] of command.matchAll(/'([^']*)'|\\([\s\S])|([ \n])|[\s\S]/g)) {
    if (quoted !== undefined) word = (word ?? '') + quoted;
    else if (escaped !== undefined) word = escaped === '\n' ? word : (word ?? '') + escaped;
    else if (blank === undefined) word = (word ?? '') + literal(part, /[\w:/.,-]/);
    else {
      if (blank === '\n') throw new Error('The command ends early.');
      if (word !== undefined) words.push(word);
      word = undefined;
    }
  }
  return argumentsOf('curl', word === undefined ? words : [...words, word]);
}

/**
 * A prompt of cmd: first `%NAME%`, where any plausible name is defined; then quotation marks, carets and operators; then the
 * C runtime splits what is left into arguments.
 */
function readCmd(command: string): string[] {
  const expanded = command
    .replaceAll('\r', '')
    .replace(/%([^%:\n]+)(?::[^%\n]*)?%/g, (whole, name: string) => (/^[\w.() -]+$/.test(name) ? 'EXPANDED' : whole));
  let line = '';
  let isQuoted = false;
  for (let at = 0; at < expanded.length; at++) {
    let character = expanded.charAt(at);
    if (character === '^' && !isQuoted) {
      character = expanded.charAt(++at);
      // At the end of a line, the caret escapes the first character of the next line.
      if (character === '\n') character = expanded.charAt(++at);
      line += character;
      continue;
    }
    if (character === '"') isQuoted = !isQuoted;
    if (character === '\n') throw new Error('The command ends early.');
    line += isQuoted ? character : literal(character, /[^&|<>()]/);
  }
  return argumentsOf('curl.exe', splitArguments(line));
}

/** The rules of the C runtime for a command line (`CommandLineToArgvW`). */
function splitArguments(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let isQuoted = false;
  for (const [part, slashes = '', mark] of line.matchAll(/(\\*)(")|\\+|[\s\S]/g)) {
    if (mark !== undefined) {
      word = (word ?? '') + slashes.slice(0, Math.floor(slashes.length / 2));
      if (slashes.length % 2 === 1) word += '"';
      else isQuoted = !isQuoted;
    } else if (/^[ \t]$/.test(part) && !isQuoted) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + part;
  }
  if (isQuoted) throw new Error('A quotation mark is missing.');
  return word === undefined ? words : [...words, word];
}

/** A here-string without expansion, which curl reads as a config file. */
function readPowershell(command: string): string[] {
  const [, wrapper, content = ''] =
    /^(& \{ \$OutputEncoding = \[Text\.UTF8Encoding\]::new\(\); )?@'\r?\n([\s\S]*?)\r?\n['‘’‚‛]@ \| curl\.exe --config -(?: \})?$/.exec(
      command,
    ) ?? [];
  if (content === '') throw new Error('The command is not one here-string for curl.exe.');
  // Only these characters survive the ASCII encoding of PowerShell 5.1.
  if (wrapper === undefined && /[^\0-\x7f]/.test(content)) throw new Error('PowerShell 5.1 sends question marks.');
  return readConfig(content);
}

/** The options in a config file (`man curl`, --config). */
function readConfig(content: string): string[] {
  return content.split(/\r\n?|\n/).flatMap((line) => {
    const [, name = '', quoted, plain] = /^(\S+)(?: (?:"((?:\\.|[^"\\])*)"|(\S+)))?$/s.exec(line) ?? [];
    if (name === '') throw new Error(`curl does not read the line ${line}`);
    const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', v: '\v' };
    const value = plain ?? quoted?.replace(/\\(.)/gs, (_, character: string) => escapes[character] ?? character);
    if (name === '--url') return [value ?? ''];
    return value === undefined ? [name] : [name, value];
  });
}

function literal(character: string, allowed: RegExp): string {
  if (!allowed.test(character)) throw new Error(`${JSON.stringify(character)} is not quoted.`);
  return character;
}

function argumentsOf(program: string, [name, ...list]: readonly string[]): string[] {
  if (name !== program) throw new Error(`The command runs ${String(name)}.`);
  return list;
}
