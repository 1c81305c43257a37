import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const prefix = 'partner-auth-sandbox-';

/**
 * Writes the certificate authority to a temporary file, for programs that read one only from a file. It is removed when the
 * process exits. If the process is killed, the next sandbox removes it.
 *
 * @returns the path of the file.
 */
export function writeCaFile(pem: string): string {
  removeAbandonedFiles();
  const folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'ca.pem');
  writeFileSync(path, pem);
  return path;
}

function removeAbandonedFiles(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]);
    if (Number.isNaN(pid) || isRunning(pid)) continue;
    const folder = join(tmpdir(), name);
    try {
      const { uid } = lstatSync(folder);
      // Names in a shared folder can be chosen by others.
      if (process.getuid === undefined || uid === process.getuid()) rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another process removed it first, or still has the file open.
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
