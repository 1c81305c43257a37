import { partners } from '../../../core/index.ts';
import { markdownTable } from '../../helpers/markdown-table.ts';
import { partnerNames } from '../../helpers/with-session.ts';
import { rowGroups, type Cell, type RowGroup } from '../matrix/matrix.ts';
import { soakProblems } from '../soak/run.ts';
import type { FaultResults } from './results.ts';

/** Sessions kept of the trials: `10/10`. */
export const kept = ({ trials, lost, leaks }: Cell): string =>
  `${trials - lost}/${trials}${leaks > 0 ? `, ${leaks} leaks` : ''}`;

/** The Markdown of README.md. */
export function renderReport(results: FaultResults): string {
  return [
    introduction(results),
    matrixSection(results),
    rotationsSection(results),
    stallsSection(results),
    soakSection(results),
    fuzzSection(results),
    canarySection(results),
  ].join('\n\n');
}

function introduction({ date, environment, problems }: FaultResults): string {
  const outcome =
    problems.length === 0
      ? 'It found no problem: no session was lost that the protocol permits to save, and no output contained a secret.'
      : `It found these problems:\n\n${problems.map((problem) => `- ${problem}`).join('\n')}`;
  return `# Fault tests

\`npm run test:faults\` injects faults into sessions with the built-in partners, which the sandbox simulates, and writes this file. A full run takes about fifteen minutes. It exits with 1 when it finds a problem.

| command | does |
| --- | --- |
| \`npm run test:faults\` | runs all parts, stores \`results.json\` and writes this file from it |
| \`npm run test:faults -- --print\` | runs all parts, but writes no file |
| \`npm run test:faults -- --short\` | runs all parts in a short form; \`npm test\` does the same |
| \`npm run test:faults -- --only soak\` | runs one part: \`matrix\`, \`rotations\`, \`stalls\`, \`soak\`, \`fuzz\`, \`canary\` or \`commandLine\` |
| \`npm run test:faults -- --only abort\` | runs the rows of the matrix whose name contains the string |
| \`npm run test:faults -- --render\` | writes this file from \`results.json\` |

The last full run was on ${date} (${environment}). ${outcome}`;
}

function matrixSection({ matrix }: FaultResults): string {
  return `## Matrix

A trial signs in, injects the fault of its row and removes it. Without a new login, it then checks that the session works: in the same process, after its access token has expired, and after a restart. It scans every error, status, log line, inspected session, program output and file name for the tokens, passwords, keys and ciphertexts of the session: ${count(matrix.outputsScanned)} outputs in this run.

| column | meaning |
| --- | --- |
| fault | what is injected, and when |
| ${partnerNames.map((name) => partners[name].label).join(', ')} | trials at this partner in which the session was kept, of all trials; leaks if there were any |
| reported | the error code that the caller gets while the fault lasts or afterwards, or \`nothing\` |

In the sandbox, TCONNECT and BizMail accept a refresh token once, and Cloudreve accepts it again. With a grace time, the partner responds to a used refresh token with the same new tokens. Without one, a new refresh token that is lost with a response, or from the file between two programs, cannot be replaced, so that the session ends: such rows show \`0/10\`. The session then reports it, and the trial checks that it works again after a login.

${rowGroups.map((group) => groupSection(group, matrix)).join('\n\n')}`;
}

function groupSection({ title, description, rows }: RowGroup, matrix: FaultResults['matrix']): string {
  const head = ['fault', ...partnerNames.map((name) => partners[name].label), 'reported'];
  const table = rows.map(({ name, reported }) => {
    const cells = matrix.rows[name];
    return [name, ...partnerNames.map((partner) => (cells === undefined ? '' : kept(cells[partner]))), reported];
  });
  return `### ${title}\n\n${description}\n\n${markdownTable(head, table, 'left')}`;
}

function rotationsSection({ rotations }: FaultResults): string {
  const { processes, kills, takeovers, longestWait, replays, lost, interrupted, errors } = rotations;
  const rows: [string, string][] = [
    ['rotations of the refresh token', count(rotations.rotations)],
    ['processes killed', count(kills)],
    ['of them while they held the lock, which another process took over', count(takeovers)],
    ['longest wait for the lock', `${(longestWait / 1000).toFixed(1)} s`],
    ['sessions ended because a used refresh token was sent', count(replays)],
    ['rotations whose response was lost with a killed process, reported as `refreshInterrupted`', count(interrupted)],
    ['sessions lost in any other way', count(lost)],
    ...Object.entries(errors).map(([code, times]): [string, string] => [`\`${code}\` errors in between`, count(times)]),
  ];
  return `## Rotations

${processes} processes share one \`fileStore\` and ask for a token again and again; one of them at a time is killed with SIGKILL at a random moment and replaced. Access tokens live for 1 s, and the partner ends the session when a used refresh token is sent.

${markdownTable(['', 'count'], rows)}`;
}

function stallsSection({ stalls }: FaultResults): string {
  const { processes, files, rotations, stops, blocks, replays, lost, errors } = stalls;
  const rows: [string, string][] = [
    ['rotations of refresh tokens', count(rotations)],
    ['processes stopped (SIGSTOP) for 15 s', count(stops)],
    ['event loops blocked for 15 s', count(blocks)],
    ['refresh tokens sent twice', count(replays)],
    ['sessions lost', count(lost)],
    ...Object.entries(errors).map(([code, times]): [string, string] => [`\`${code}\` errors in between`, count(times)]),
  ];
  return `## Stalls

${processes} processes share ${files} session files, and half of them hang at any time, also in the middle of a refresh. Access tokens live for 2 s, and the partner ends a session when a used refresh token is sent.

${markdownTable(['', 'count'], rows)}`;
}

function soakSection({ soak }: FaultResults): string {
  const { seconds, refreshes, requests, signOuts, heap, handles, timers, resources } = soak;
  const [quarter, end] = heap;
  const [before, after] = resources.map((names) => names.filter((name) => name !== 'PipeWrap').length);
  const rows: [string, string, string][] = [
    [
      'heap in use (after a quarter of the time, at the end)',
      `${(quarter / 1024 / 1024).toFixed(1)} MiB`,
      `${(end / 1024 / 1024).toFixed(1)} MiB`,
    ],
    ['open file handles', count(handles[0]), count(handles[1])],
    ['active resources of Node, except pipes', count(before ?? NaN), count(after ?? NaN)],
    ['timers', '0', count(timers)],
  ];
  const problems = soakProblems(soak);
  const outcome =
    problems.length === 0
      ? 'The heap stayed within 1.5 MB of its size after a quarter of the time, and `close()` left no timer, socket or file handle open.'
      : problems.join(' ');
  return `## Soak

One process runs a session for ${count(seconds)} s of a manual clock, with access tokens that live for 10 s: ${count(refreshes)} refreshes, ${count(requests)} requests and ${count(signOuts)} sign-outs. ${outcome}

${markdownTable(['', 'before', 'after'], rows)}`;
}

function fuzzSection({ fuzz }: FaultResults): string {
  const rows = Object.entries(fuzz.runs).map(([name, runs]) => [name, count(runs)]);
  return `## Fuzz

Real inputs are mutated and mixed with random and hostile ones. A run passes when it succeeds or throws an error of this library with a printable message, within 5 s. The seed was ${fuzz.seed}.

${markdownTable(['input', 'runs'], rows)}`;
}

function canarySection({ canary, commandLine }: FaultResults): string {
  const { secrets, outputsScanned, leaks, privateStores } = canary;
  return `## Canary

Recognizable secrets are used wherever a secret can be given, while the partner fails in different ways and programs crash. ${count(outputsScanned)} outputs (errors, statuses, events, log lines, program output, arguments, environments, crash files, requests to another host) are scanned for ${count(secrets)} secrets. Outputs with a secret: ${count(leaks)}. Store files that hold tokens and that only their owner can read: ${count(privateStores)}, one for each partner.

Every verb of the command line is run likewise, successfully and not, with \`-v\`. ${count(commandLine.outputsScanned)} outputs (what it prints except its result, its arguments, the environment of its children, the files in its home except those of \`--store plain\`, its crash reports) and ${count(commandLine.coreFiles)} core dumps are scanned for ${count(commandLine.secrets)} secrets. Outputs with a secret: ${count(commandLine.leaks)}.`;
}

const count = (value: number): string => Math.round(value).toLocaleString('en');
