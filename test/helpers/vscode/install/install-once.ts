import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Fills a cache folder exactly once. `fill` works in a staging folder next to it, which is renamed when complete, so an
 * interrupted install never looks finished. Of two concurrent installs, the later one discards its copy.
 */
export async function installOnce(target: string, fill: (staging: string) => Promise<void>): Promise<string> {
  if (existsSync(target)) return target;
  await removeAbandoned(target);
  const staging = `${target}.${process.pid}.partial`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  try {
    await fill(staging);
    await rename(staging, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return target;
}

async function removeAbandoned(target: string): Promise<void> {
  const folder = dirname(target);
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    const [, pid] = /\.(\d+)\.partial(?:\.|$)/.exec(name) ?? [];
    if (pid === undefined || !name.startsWith(basename(target)) || isRunning(Number(pid))) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
