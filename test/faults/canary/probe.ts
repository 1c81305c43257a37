import { readFileSync, writeFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';

/*
 * Loaded into every Node process of a run. At its end it writes down what other processes and crash reports see of it. With
 * CANARY_ABORT, partner-auth then ends with a core dump; with SIGUSR2, in an error that nobody handles.
 */

export interface ProcessRecord {
  /** Whether it is partner-auth, and not a program that it has started. */
  readonly isProgram: boolean;
  readonly code: number | string;
  /** What every user of the machine can read. */
  readonly visible: string;
  readonly environment: string;
  /** The diagnostic report that Node would write. */
  readonly report: string;
}

const { CANARY_FOLDER: folder = '', CANARY_ABORT: abort } = process.env;
const isProgram = /cli[\\/]main\.[jt]s$/.test(process.argv[1] ?? '');
const canExcludeEnvironment = 'excludeEnv' in process.report;
// Looking up the names of hosts takes long.
Object.assign(process.report, { excludeNetwork: true });

process.once('exit', () => {
  const record: ProcessRecord = {
    isProgram,
    code: process.exitCode ?? 0,
    visible: [...process.argv, process.title, ofProcess('cmdline'), ofProcess('comm')].join('\n'),
    environment: JSON.stringify(process.env) + ofProcess('environ'),
    report: canExcludeEnvironment ? JSON.stringify(process.report.getReport()) : '',
  };
  writeFileSync(join(folder, `process-${process.pid}.json`), JSON.stringify(record));
  if (!isProgram || abort === undefined) return;
  flushCompileCache();
  // What a process has by default, to show that a secret is found in its core dump.
  if (abort === 'unprotected') writeFileSync('/proc/self/coredump_filter', '0x33');
  process.abort();
});
if (isProgram && process.platform !== 'win32') {
  process.once('SIGUSR2', () => {
    throw Object.assign(new Error('A bug of the program.'), { argv: process.argv });
  });
}

function ofProcess(name: string): string {
  return process.platform === 'linux' ? readFileSync(`/proc/self/${name}`, 'utf8') : '';
}
