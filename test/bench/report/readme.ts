import { parts } from '../parts/all.ts';
import type { Measurement, Part } from './part.ts';
import type { Results } from './results.ts';

/** The Markdown of README.md. */
export function renderReport(results: Results): string {
  const sections = Object.entries(parts).flatMap(([name, part]) => {
    const result = results[name];
    return result === undefined ? [] : [renderSection(part, result.measurement)];
  });
  return [introduction(results), ...sections].join('\n\n');
}

export function renderSection(part: Part, measurement: Measurement): string {
  return `## ${part.title}\n\n${part.render(measurement)}`;
}

function introduction(results: Results): string {
  return `# Benchmarks

\`npm run bench\` measures Partner Auth next to the packages and the code that one would otherwise use, and writes this file. It takes about five minutes.

| command | does |
| --- | --- |
| \`npm run bench\` | measures all parts, stores the samples in \`results.json\` and writes this file from them |
| \`npm run bench -- cipher token\` | measures single parts and updates their sections: ${Object.keys(parts)
    .map((name) => `\`${name}\``)
    .join(', ')} |
| \`npm run bench -- --print\` | measures and prints, but writes no file |
| \`npm run bench -- --quick\` | runs everything once and short, to see that it runs; writes no file |
| \`npm run bench -- --render\` | writes this file from the stored samples |

${measuredOn(results)}

## How to read the tables

Each candidate runs in fresh processes, several times, in a new random order in each round, because other work on the machine makes everything slower or faster from minute to minute. Times depend on the machine: compare candidates with each other, not with times of another machine.

- **A time** is the median of its samples. \`±5 %\` is half the distance between their quartiles.
- **A comparison** says \`2.00x faster\` for half the time and \`2.00x slower\` for twice the time. It divides the two medians of its table, and says \`equal\` when the quartile ranges of the two times overlap.
- **A paired speed** is measured in turns with the reference in the same process, so that it is more exact than times of different processes. It is the median of the ratios, and \`±\` is half the distance between their quartiles. It says \`equal\` when their quartile range overlaps the noise: the range of the ratios of the reference measured in turns with itself, or 1.

The sentences above the tables are made from the same figures by the same rules.

## Budget

\`budget.json\` has the worst accepted value of some figures, with room for noise. \`npm run bench\` reports each figure that is worse and exits with 1. \`npm test\` checks the sizes, the number of requests, connections and wake-ups, and what an import loads.`;
}

/** Where and when the parts were measured; parts of the same run together. */
function measuredOn(results: Results): string {
  const runs = new Map<string, string[]>();
  for (const [name, { machine, date }] of Object.entries(results)) {
    const run = `${date}, ${machine}`;
    runs.set(run, [...(runs.get(run) ?? []), name]);
  }
  if (runs.size < 2) return `Measured on ${[...runs.keys()].join()}.`;
  return [...runs].map(([run, names]) => `- ${names.join(', ')}: measured on ${run}`).join('\n');
}
