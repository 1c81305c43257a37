import { writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';

/** VS Code's own figures for one extension, ms. */
export interface ActivationTimes {
  /** Reading, compiling and evaluating its bundle. */
  readonly load: number;
  /** The part of `activate()` that blocks the extension host. */
  readonly call: number;
  /** The part that is awaited afterwards. */
  readonly finish: number;
}

export type HostTimes = Readonly<Record<string, ActivationTimes>>;

const settleMs = 3_000;

/** VS Code calls this in its extension host. BENCH_EXTENSIONS lists the extensions to activate, in order. */
export async function run(): Promise<void> {
  // Otherwise, the start of the window would be measured as well.
  await pause(settleMs);
  for (const id of (process.env.BENCH_EXTENSIONS ?? '').split(' ')) {
    await vscode.extensions.getExtension(id)?.activate();
    await pause(500);
  }
  await vscode.commands.executeCommand('perfview.show');
  const times = await activationStats();
  await writeFile(process.env.BENCH_RESULT ?? '', JSON.stringify(times));
}

/** Reads the report of "Developer: Startup Performance". */
async function activationStats(): Promise<HostTimes> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const report = vscode.window.activeTextEditor?.document.getText() ?? '';
    const rows = report.matchAll(/^\| ([\w-]+\.[\w-]+) +\| (?:true|false) +\| (\d+) +\| (\d+) +\| (\d+) +\|/gm);
    const times = Object.fromEntries(
      [...rows].map(([, id = '', load, call, finish]) => [
        id,
        { load: Number(load), call: Number(call), finish: Number(finish) },
      ]),
    );
    if (Object.keys(times).length > 0) return times;
    await pause(200);
  }
  throw new Error('VS Code showed no activation statistics.');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
