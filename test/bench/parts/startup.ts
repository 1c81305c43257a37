import { mkdir, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { provideBuild } from '../environment/build.ts';
import { activationTimes, prepareWindow } from '../environment/vscode-window.ts';
import { markdownTable } from '../../helpers/markdown-table.ts';
import { runInterleaved, type Case, type Samples } from '../measure/fresh-process.ts';
import { loadedModules } from '../measure/loaded-modules.ts';
import { compareTimes, median } from '../measure/statistics.ts';
import {
  formatBytes,
  formatComparison,
  formatComparisons,
  formatCount,
  formatNumber,
  formatTimes,
} from '../report/format.ts';
import { samplesOf, type Measurement, type Part } from '../report/part.ts';

const own = 'Partner Auth';
const empty = 'an empty module';
const peers = ['google-auth-library', '@azure/core-rest-pipeline', 'simple-oauth2', '@badgateway/oauth2-client'];
const ownDependencies = ['got', 'node-forge'];
const ownId = 'partner-auth.partner-auth';
const builtInIds = ['vscode.github-authentication', 'vscode.microsoft-authentication'];
const ms = 1e6;

export const startup: Part = {
  title: 'Start-up',
  async measure({ quick }) {
    return { imports: await measureImports(quick ? 1 : 11), extensions: await measureExtensions(quick ? 1 : 5) };
  },
  render: (measurement) => [renderImports(measurement), renderExtensions(measurement)].join('\n\n'),
  figures(measurement) {
    const importTime = (name: string): number => median(samplesOf(measurement, 'imports', name, 'ms'));
    const activation = (id: string): number => median(samplesOf(measurement, 'extensions', id, 'all'));
    return {
      'startup import to got': importTime(own) / importTime('got'),
      ...Object.fromEntries(
        builtInIds
          .filter((id) => measurement.extensions?.[id] !== undefined)
          .map((id) => [`startup ${id} to own`, activation(id) / activation(ownId)]),
      ),
    };
  },
};

async function measureImports(rounds: number): Promise<Samples> {
  const { core, folder } = await provideBuild();
  const emptyModule = join(folder, 'out/empty.mjs');
  await mkdir(join(folder, 'out'), { recursive: true });
  await writeFile(emptyModule, 'export {};\n');
  const specifiers: Readonly<Record<string, string>> = {
    [empty]: pathToFileURL(emptyModule).href,
    [own]: core,
    ...Object.fromEntries([...peers, ...ownDependencies].map((name) => [name, import.meta.resolve(name)])),
  };
  const cases: Case[] = Object.entries(specifiers).map(([label, specifier]) => ({
    label,
    module: 'startup.ts',
    name: 'importModule',
    options: { specifier },
  }));
  const samples = await runInterleaved(cases, rounds);
  const loaded = Object.entries(specifiers).map(async ([label, specifier]) => {
    const packages = (await loadedModules(specifier)).filter(isPackage).length;
    return [label, { ...samples[label], packages: [packages] }] as const;
  });
  return Object.fromEntries(await Promise.all(loaded));
}

/** Whether a name is that of a package, and not of a built-in or internal module of Node. */
function isPackage(name: string): boolean {
  return name.startsWith('@') || !(isBuiltin(name) || /^(?:internal|node:)|\/|^Internal/.test(name));
}

function renderImports(measurement: Measurement): string {
  const of = (name: string, metric: string): readonly number[] => samplesOf(measurement, 'imports', name, metric);
  const names = Object.keys(measurement.imports ?? {});
  const aboveEmpty = (name: string, metric: string): string =>
    name === empty ? '' : formatBytes(median(of(name, metric)) - median(of(empty, metric)));
  const rows = names.map((name) => [
    name,
    formatTimes(of(name, 'ms'), ms),
    name === empty || name === own ? '' : formatComparison(compareTimes(of(name, 'ms'), of(own, 'ms'))),
    formatTimes(of(name, 'processor'), ms),
    aboveEmpty(name, 'heap'),
    aboveEmpty(name, 'resident'),
    formatNumber(median(of(name, 'packages'))),
  ]);
  const comparisons = names
    .filter((name) => name !== own && name !== empty)
    .map((name) => [name, compareTimes(of(own, 'ms'), of(name, 'ms'))] as const);
  const packages = formatCount(median(of(own, 'packages')), 'package');
  return [
    `Importing ${own} loads ${packages}. It is ${formatComparisons(comparisons)}. Memory is what the import adds to that of an empty module.`,
    markdownTable(
      ['`import` of', 'time', `relative to ${own}`, 'processor time', 'heap', 'resident memory', 'packages loaded'],
      rows,
    ),
  ].join('\n\n');
}

async function measureExtensions(rounds: number): Promise<Samples> {
  const prepared = await prepareWindow();
  const samples: Record<string, Record<'load' | 'call' | 'finish' | 'all', number[]>> = {};
  for (let round = 0; round < rounds; round++) {
    const ids = round % 2 === 0 ? [ownId, ...builtInIds] : [...builtInIds, ownId];
    const times = await activationTimes(prepared, ids);
    for (const id of [ownId, ...builtInIds]) {
      const one = times[id];
      if (one === undefined) continue;
      const lists = (samples[id] ??= { load: [], call: [], finish: [], all: [] });
      lists.load.push(one.load);
      lists.call.push(one.call);
      lists.finish.push(one.finish);
      lists.all.push(one.load + one.call + one.finish);
    }
  }
  return samples;
}

function renderExtensions(measurement: Measurement): string {
  const of = (id: string, metric: string): readonly number[] => samplesOf(measurement, 'extensions', id, metric);
  const ids = Object.keys(measurement.extensions ?? {});
  const rows = ids.map((id) => [
    id,
    ...['load', 'call', 'finish', 'all'].map((step) => formatTimes(of(id, step), ms)),
    id === ownId ? '' : formatComparison(compareTimes(of(id, 'all'), of(ownId, 'all'))),
  ]);
  const comparisons = ids
    .filter((id) => id !== ownId)
    .map((id) => [id, compareTimes(of(ownId, 'all'), of(id, 'all'))] as const);
  return [
    `VS Code reports these times itself (Developer: Startup Performance), in whole milliseconds; each sample is from a new window. VS Code starts the GitHub extension while the window opens, and the benchmark starts the other two afterwards. In total, ${own} is ${formatComparisons(comparisons)}.`,
    markdownTable(['extension', 'load code', 'call `activate`', 'finish', 'total', `relative to ${own}`], rows),
  ].join('\n\n');
}
