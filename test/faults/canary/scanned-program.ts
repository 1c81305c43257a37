import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, readFileSync } from 'node:fs';
import { mkdir, open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { main } from '../../core/cli/command.ts';
import type { LeakScanner } from '../leak-scanner.ts';
import type { ProcessRecord } from './probe.ts';

const probe = fileURLToPath(new URL('probe.ts', import.meta.url));

export interface ScannedRun {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** The secrets that it prints on stdout, or hands over in the environment of a child, because that is its task. */
  readonly prints?: (stdout: string) => readonly string[];
  readonly handsOver?: () => readonly string[];
  /** The user has given a secret as an argument, which is refused. What shows the arguments is not scanned. */
  readonly hasSecretArguments?: boolean;
  /** Called with its first line. Afterwards it is stopped with the signal, by default SIGTERM. */
  readonly whileRunning?: (line: string) => Promise<unknown>;
  readonly signal?: NodeJS.Signals;
}

export interface ScannedResult {
  readonly code: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `partner-auth` and scans what is left of it, below a folder that is its home. */
export class ScannedProgram {
  /** The core dumps that contain a secret. */
  readonly leaks: string[] = [];
  readonly #scanner: LeakScanner;
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;
  /** Whether a process here can leave a core dump in its current folder. */
  readonly #dumps = coreDumpsAreInCurrentFolder();
  #runs = 0;
  #coreFiles = 0;

  constructor(scanner: LeakScanner, folder: string, env: Readonly<Record<string, string>>) {
    this.#scanner = scanner;
    this.#folder = folder;
    this.#env = env;
  }

  get coreFiles(): number {
    return this.#coreFiles;
  }

  async run(args: readonly string[], options: ScannedRun = {}): Promise<ScannedResult> {
    const { input = '', prints, handsOver } = options;
    const source = args.join(' ').slice(0, 80);
    const folder = await this.#newFolder();
    const ended = await this.#start(folder, args, { ...options, input });
    const { stdout, stderr } = ended;
    this.#scanner.addOutput(`stdout of ${source}`, stdout, prints?.(stdout));
    this.#scanner.addOutput(`stderr of ${source}`, stderr);
    let { code } = ended;
    for (const name of await readdir(folder)) {
      const file = join(folder, name);
      if (name.startsWith('process-')) {
        const seen = JSON.parse(await readFile(file, 'utf8')) as ProcessRecord;
        if (seen.isProgram) code = seen.code;
        if (options.hasSecretArguments === true) continue;
        const owner = seen.isProgram ? source : `a child of ${source}`;
        this.#scanner.addOutput(`arguments of ${owner}`, seen.visible);
        // The user has put secrets into the program's own environment.
        if (!seen.isProgram) this.#scanner.addOutput(`environment of ${owner}`, seen.environment, handsOver?.());
        this.#scanner.addOutput(`crash report of ${owner}`, seen.report, handsOver?.());
      } else if (name.startsWith('core')) {
        this.#coreFiles++;
        // One that has the memory is larger by far.
        const isLarge = (await stat(file)).size > 2 ** 24;
        if (isLarge || (await memoryContainsAny(file, this.#scanner.spellings)))
          this.leaks.push(`core dump of ${source}`);
      } else this.#scanner.addOutput(`file ${name} of ${source}`, await readFile(file, 'utf8'));
    }
    return { code, stdout, stderr };
  }

  /** Whether a core dump that has the memory contains the secret. Undefined if there are none here. */
  async findsInCoreDump(args: readonly string[], secret: string): Promise<boolean | undefined> {
    if (!this.#dumps) return undefined;
    const folder = await this.#newFolder();
    await this.#start(folder, args, { env: { CANARY_ABORT: 'unprotected' } });
    const [name = ''] = (await readdir(folder)).filter((file) => file.startsWith('core'));
    return memoryContainsAny(join(folder, name), [secret]);
  }

  async #newFolder(): Promise<string> {
    const folder = join(this.#folder, `run-${++this.#runs}`);
    await mkdir(folder);
    return folder;
  }

  async #start(folder: string, args: readonly string[], options: ScannedRun): Promise<ScannedResult> {
    const { env, input, whileRunning, signal = 'SIGTERM' } = options;
    const words = [process.execPath, main, ...args];
    const [program = '', ...rest] = this.#dumps
      ? ['/bin/sh', '-c', 'ulimit -c unlimited; exec "$@"', 'sh', ...words]
      : words;
    const inherited = ['PATH', 'SystemRoot', 'NODE_COMPILE_CACHE'].map((name) => [name, process.env[name]] as const);
    const homes = ['HOME', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA', 'TMPDIR', 'TEMP', 'TMP'];
    const nodeOptions = [`--import=${probe}`, '--report-uncaught-exception', process.env.TEST_NODE_OPTIONS ?? ''];
    const child = spawn(program, rest, {
      cwd: folder,
      env: {
        ...Object.fromEntries(inherited),
        ...Object.fromEntries(homes.map((name) => [name, join(this.#folder, 'home')])),
        NODE_OPTIONS: nodeOptions.join(' '),
        CANARY_FOLDER: folder,
        ...(this.#dumps && { CANARY_ABORT: '1' }),
        ...this.#env,
        ...env,
      },
      stdio: 'pipe',
    });
    let [stdout, stderr] = ['', ''];
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const closed = once(child, 'close') as Promise<[number | null]>;
    if (whileRunning !== undefined) {
      while (!stdout.includes('\n') && child.exitCode === null)
        await Promise.race([once(child.stdout, 'data'), closed]);
      await whileRunning(stdout.slice(0, stdout.indexOf('\n')));
      child.kill(signal);
    }
    const [code] = await closed;
    return { code, stdout, stderr };
  }
}

function coreDumpsAreInCurrentFolder(): boolean {
  if (process.platform !== 'linux') return false;
  const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
  return /^core[^/]*$/.test(pattern) && spawnSync('/bin/sh', ['-c', 'ulimit -c unlimited']).status === 0;
}

/**
 * Searches a core dump of Linux, an ELF file, after its first segment: that has the registers of the processor, which keep
 * a string for a moment when it is copied. Reads piece by piece, because the whole is larger than a string may be.
 */
async function memoryContainsAny(file: string, texts: readonly string[]): Promise<boolean> {
  const wanted = texts.map((text) => Buffer.from(text, 'latin1'));
  const overlap = Math.max(...wanted.map(({ length }) => length));
  let end = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { start: await endOfFirstSegment(file), highWaterMark: 2 ** 24 })) {
    const piece = Buffer.concat([end, chunk as Buffer]);
    if (wanted.some((text) => piece.includes(text))) return true;
    end = piece.subarray(-overlap);
  }
  return false;
}

async function endOfFirstSegment(file: string): Promise<number> {
  await using handle = await open(file);
  const header = Buffer.alloc(120);
  await handle.read(header, 0, header.length, 0);
  const table = Number(header.readBigUInt64LE(32));
  if (header.readUInt32BE() !== 0x7f454c46 || table !== 64) throw new Error(`${file} is not a core dump.`);
  return Number(header.readBigUInt64LE(table + 8) + header.readBigUInt64LE(table + 32));
}
