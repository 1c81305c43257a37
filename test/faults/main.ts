import { parseArgs } from 'node:util';
import { searchCanaries } from './canary/run.ts';
import { fuzz } from './fuzz/run.ts';
import { head, line, playRow, problems, rows } from './matrix/matrix.ts';
import { rotate, rotationProblems } from './rotations/run.ts';
import { soak, soakProblems } from './soak/run.ts';

// npm run test:faults [-- --short] [-- --only matrix|rotations|soak|fuzz|canary|<part of a row's name>]
const { values } = parseArgs({ options: { short: { type: 'boolean', default: false }, only: { type: 'string' } } });
const { short, only } = values;
const failed: string[] = [];

const parts: Readonly<Record<string, () => Promise<void>>> = {
  matrix: () => matrix(rows),
  async rotations() {
    const counts = await rotate(short ? 300 : 10_000);
    console.log('\nRotations of one session by many processes:\n');
    for (const [name, value] of Object.entries(counts)) {
      console.log(`- ${name}: ${typeof value === 'number' ? Math.round(value) : JSON.stringify(value)}`);
    }
    failed.push(...rotationProblems(counts));
  },
  async soak() {
    const report = await soak(short ? 600 : 3_600);
    console.log(`\nSoak: ${JSON.stringify(report)}`);
    failed.push(...soakProblems(report));
  },
  async fuzz() {
    const seed = Date.now() % 2 ** 31;
    console.log(`\nHostile input, seed ${seed}:\n`);
    for (const { name, runs, problem } of await fuzz(short ? 0.003 : 1, seed)) {
      console.log(`- ${name}: ${runs} runs${problem === undefined ? '' : ', FAILED'}`);
      if (problem !== undefined) failed.push(`${name}: ${problem}`);
    }
  },
  async canary() {
    const { searched, secrets, seen, stores } = await searchCanaries();
    console.log(
      `\nCanaries: ${secrets} secrets, ${searched} texts searched, ${seen.length} found outside ${stores} store files of mode 0600.`,
    );
    failed.push(...seen.map((where) => `a secret in: ${where}`));
  },
};

if (only === undefined) for (const part of Object.values(parts)) await part();
else if (parts[only] !== undefined) await parts[only]();
else await matrix(rows.filter(({ name }) => name.includes(only)));

if (failed.length > 0) {
  console.error(`\n${failed.join('\n')}`);
  process.exitCode = 1;
}

async function matrix(chosen: typeof rows): Promise<void> {
  console.log('Each cell: trials / sessions lost / secrets seen.\n');
  console.log(head.join('\n'));
  let searched = 0;
  for (const row of chosen) {
    const result = await playRow(row, short ? { least: 1, most: 6 } : { least: 10 });
    console.log(line(result));
    failed.push(...problems(result));
    for (const cell of result.cells) searched += cell.searched;
  }
  console.log(`\n${searched} texts searched for secrets.`);
}
