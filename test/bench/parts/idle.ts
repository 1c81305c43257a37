import { join } from 'node:path';
import { provideBuild } from '../environment/build.ts';
import { runInterleaved, type Case } from '../measure/fresh-process.ts';
import type { Part } from '../report/part.ts';
import { median } from '../measure/statistics.ts';
import { formatBytes, formatNumber, markdownTable } from '../report/table.ts';

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
    const samples = await runInterleaved(cases, quick ? 1 : 3);
    const of = (label: string, metric: string): number => median(samples.get(label)?.get(metric) ?? []);
    const rows = cases.map(({ label }) => [
      label,
      formatNumber(of(label, 'timers')),
      formatNumber(of(label, 'wakeUps')),
      formatBytes(of(label, 'grown')),
    ]);
    const [session = '', , , , opened = ''] = cases.map(({ label }) => label);
    const figures = {
      'idle timers of a session': of(session, 'timers'),
      'idle wake-ups of a session': of(session, 'wakeUps'),
      'idle heap of a session': of(session, 'grown'),
      'idle wake-ups of the extension with 10 opened sessions': of(opened, 'wakeUps'),
      'idle heap of the extension with 10 opened sessions': of(opened, 'grown'),
    };
    return { markdown: markdownTable(['what', 'timers', 'wake-ups in an hour', 'heap grown'], rows), figures };
  },
};
