import { join } from 'node:path';
import { provideBuild } from '../harness/build.ts';
import { interleaved, type Case } from '../harness/fresh-process.ts';
import type { Part } from '../harness/part.ts';
import { median } from '../harness/statistics.ts';
import { bytes, short, table } from '../harness/table.ts';

export const idle: Part = {
  title: 'Idle, over an hour of fast time',
  async run({ quick }) {
    const { core, folder } = await provideBuild();
    const options = { core, bundle: join(folder, 'dist/extension.cjs') };
    const one = (label: string, name: string, more: object = {}): Case => ({
      label,
      module: 'idle.ts',
      name,
      options: { ...options, ...more },
    });
    const cases = [
      one('a session, signed in, with `autoRefresh` and a listener', 'session'),
      one('the extension, 1 profile signed in', 'extension'),
      one('the extension, 1 profile, its token used once', 'extension', { used: true }),
      one('the extension, 10 profiles signed in', 'extension', { profiles: 10 }),
      one('the extension, 10 profiles, all tokens used once', 'extension', { profiles: 10, used: true }),
    ];
    const samples = await interleaved(cases, quick ? 1 : 3);
    const of = (label: string, metric: string): number => median(samples.get(label)?.get(metric) ?? []);
    const figures: Record<string, number> = {};
    const rows = cases.map(({ label }) => {
      figures[`idle timers of ${label}`] = of(label, 'timers');
      figures[`idle wake-ups of ${label}`] = of(label, 'wakeUps');
      figures[`idle heap of ${label}`] = of(label, 'grown');
      return [label, short(of(label, 'timers')), short(of(label, 'wakeUps')), bytes(of(label, 'grown'))];
    });
    return { markdown: table(['what', 'timers', 'wake-ups in an hour', 'heap grown'], rows), figures };
  },
};
