import { mkdir, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { provideBuild } from '../environment/build.ts';
import { runInterleaved, measure, type Case } from '../measure/fresh-process.ts';
import { loadedModules } from '../measure/loaded-modules.ts';
import type { Part } from '../report/part.ts';
import { median, quantile } from '../measure/statistics.ts';
import { formatBytes, ratio, markdownTable, formatTime, formatTimes } from '../report/table.ts';
import { activationTimes, prepareWindow } from '../environment/vscode-window.ts';

const empty = 'an empty program';
const own = 'Partner Auth';
const peers = ['google-auth-library', '@azure/core-rest-pipeline', 'simple-oauth2', '@badgateway/oauth2-client'];
const pieces = ['got', 'node-forge'];
const ownId = 'partner-auth.partner-auth';
const builtIn = ['vscode.github-authentication', 'vscode.microsoft-authentication'];

export const startup: Part = {
  title: 'Start-up',
  async run({ quick }) {
    const library = await importTimes(quick ? 1 : 11);
    const windows = await windowTimes(quick ? 1 : 5);
    return {
      markdown: [library.markdown, windows.markdown].join('\n\n'),
      figures: { ...library.figures, ...windows.figures },
    };
  },
};

async function importTimes(rounds: number) {
  const { core, folder } = await provideBuild();
  const nothing = join(folder, 'out/empty.mjs');
  await mkdir(join(folder, 'out'), { recursive: true });
  await writeFile(nothing, 'export {};\n');
  const specifiers: Readonly<Record<string, string>> = {
    [empty]: pathToFileURL(nothing).href,
    [own]: pathToFileURL(core).href,
    ...Object.fromEntries([...peers, ...pieces].map((name) => [name, import.meta.resolve(name)])),
  };
  const cases: Case[] = Object.entries(specifiers).map(([label, specifier]) => ({
    label,
    module: 'startup.ts',
    name: 'importing',
    options: { specifier },
  }));
  const samples = await runInterleaved(cases, rounds, measure);
  const of = (name: string, metric: string): number[] => samples.get(name)?.get(metric) ?? [];
  // Other work on the machine makes times longer, never shorter.
  const least = (name: string, metric: string): number => quantile(of(name, metric), 0.25);
  const beyond = (name: string, metric = 'ms'): number => least(name, metric) - least(empty, metric);
  const rows = cases.map(({ label }) => [
    label,
    formatTimes(of(label, 'ms'), 1e6),
    label === empty ? '' : formatTime(beyond(label) * 1e6),
    label === empty ? '' : formatTime(beyond(label, 'processor') * 1e6),
    label === empty || label === own ? '' : ratio(beyond(label) / beyond(own)),
    formatBytes(median(of(label, 'heap')) - median(of(empty, 'heap'))),
    formatBytes(median(of(label, 'resident')) - median(of(empty, 'resident'))),
  ]);
  const names = await loadedModules(core);
  const packages = names.filter((name) => !/^(?:internal|node:)|\/|^Internal/.test(name) && !isBuiltin(name));
  const note = `Packages that importing Partner Auth loads: ${packages.join(', ') || 'none'}.`;
  const grid = markdownTable(
    [
      '`import` of',
      'time',
      'beyond the empty program (lower quartile)',
      'in processor time',
      `relative to ${own}`,
      'heap',
      'resident memory',
    ],
    rows,
  );
  return { markdown: `${grid}\n\n${note}`, figures: { 'startup import to got': beyond(own) / beyond('got') } };
}

async function windowTimes(rounds: number) {
  const prepared = await prepareWindow();
  const samples = new Map<string, { load: number[]; call: number[]; finish: number[]; all: number[] }>();
  for (let round = 0; round < rounds; round++) {
    const ids = round % 2 === 0 ? [ownId, ...builtIn] : [...builtIn, ownId];
    const times = await activationTimes(prepared, ids);
    for (const id of ids) {
      const one = times[id];
      if (one === undefined) continue;
      const lists = samples.get(id) ?? { load: [], call: [], finish: [], all: [] };
      samples.set(id, lists);
      lists.load.push(one.load);
      lists.call.push(one.call);
      lists.finish.push(one.finish);
      lists.all.push(one.load + one.call + one.finish);
    }
  }
  const figures: Record<string, number> = {};
  const mine = samples.get(ownId);
  const rows = [ownId, ...builtIn].map((id) => {
    const lists = samples.get(id);
    if (lists === undefined) return [id, 'not in this VS Code', '', '', '', ''];
    const relative = mine === undefined ? NaN : median(lists.all) / median(mine.all);
    if (id !== ownId) figures[`startup ${id} to own`] = relative;
    return [
      id,
      ...(['load', 'call', 'finish', 'all'] as const).map((step) => formatTimes(lists[step], 1e6)),
      id === ownId ? '' : ratio(relative),
    ];
  });
  const head = [
    'extension in VS Code',
    'load code',
    'call `activate`',
    'finish',
    'together',
    'relative to Partner Auth',
  ];
  const note =
    "VS Code's own figures (Developer: Startup Performance), medians over fresh windows. The GitHub extension is started by VS Code while the window opens, the other two by the bench afterwards.";
  return { markdown: `${markdownTable(head, rows)}\n\n${note}`, figures };
}
