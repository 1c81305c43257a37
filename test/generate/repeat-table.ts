import { repeatOfAuthCall, repeatOfCall } from '../../core/exchange/repeat.ts';
import { retryDelays } from '../../core/session/refresh/request-refresh.ts';
import { repeatDelay } from '../../core/session/refresh/sign-in-again.ts';
import { retryDelay, type Attempt, type Repeat } from '../../core/transport/retry.ts';
import { markdownTable } from '../helpers/markdown-table.ts';

/** What may happen to a call, other than a response. */
export const incidents = {
  unsent: 'no byte of it was sent: connection refused, DNS that fails for now',
  refusedForNow: '429 or 503 with a `Retry-After` up to 30 s',
  refused: '429 without one, or with a longer one',
  broken: 'a kept connection broke before a byte of the response',
  lost: 'any other 5xx, a reset, an incomplete response, a time-out',
} as const;

export type Incident = keyof typeof incidents;

/** When a call is sent again: delays before each further attempt, in ms. */
export interface RepeatRow {
  readonly call: string;
  readonly repeats: Readonly<Record<Incident, readonly Delay[]>>;
}

interface Delay {
  readonly least: number;
  readonly most: number;
  /** After the time that the partner states. */
  readonly isStated?: boolean;
}

const attempts: Readonly<Record<Incident, Omit<Attempt, 'number' | 'repeat'>>> = {
  unsent: { neverSent: true },
  refusedForNow: { status: 429, retryAfter: 0 },
  refused: { status: 429, retryAfter: 31 },
  broken: { brokeOnReuse: true },
  lost: { status: 500 },
};

/** What the transport does by itself, if the same happens to each attempt on a new connection. */
function byTransport(repeat: Repeat, incident: Incident): readonly Delay[] {
  const delays: Delay[] = [];
  for (let number = 1; ; number++) {
    // A second attempt is made on a new connection.
    if (incident === 'broken' && number > 1) return delays;
    const delayWith = (random: number) => retryDelay({ number, repeat, ...attempts[incident] }, Infinity, random);
    const [least, most] = [delayWith(0), delayWith(1)];
    if (least === undefined || most === undefined) return delays;
    delays.push({ least, most, ...(incident === 'refusedForNow' && { isStated: true }) });
  }
}

function row(call: string, repeat: Repeat, inDoubt: readonly number[] = []): RepeatRow {
  const sessionDelays = inDoubt.map((delay) => ({ least: delay, most: delay }));
  const repeats = Object.fromEntries(
    Object.keys(incidents).map((name) => {
      const incident = name as Incident;
      const own = byTransport(repeat, incident);
      const isDoubtful = incident === 'lost' || incident === 'broken';
      return [incident, isDoubtful && own.length === 0 ? sessionDelays : own];
    }),
  );
  return { call, repeats: repeats as RepeatRow['repeats'] };
}

export const rows = {
  auth: row('`login()`, one-time code, sign-out', repeatOfAuthCall('login')),
  refresh: row('refresh, with the same refresh token', repeatOfAuthCall('refresh'), retryDelays),
  signInAgain: row("login that the session makes by itself (`refresh: 'login'`)", 'refused', [repeatDelay]),
  get: row('GET, PUT, DELETE', repeatOfCall('GET', 'idempotent')),
  post: row('POST, PATCH', repeatOfCall('POST', 'idempotent')),
  always: row("any, with `retry: 'always'`", repeatOfCall('POST', 'always')),
  never: row('any, with `retry: false`', repeatOfCall('GET', false)),
} as const;

function describe(delays: readonly Delay[]): string {
  const [first] = delays;
  if (first === undefined) return 'no';
  const times = delays.length === 1 ? 'once' : `${delays.length} times`;
  if (first.isStated === true) return `${times}, after that time`;
  if (first.most === 0) return `${times}, at once`;
  const limits = delays.map(({ most }) => String(most / 1000));
  const list = [limits.slice(0, -1).join(', '), limits.at(-1)].filter((text) => text !== '').join(' and ');
  return `${times}, after ${first.least === first.most ? '' : 'up to '}${list} s`;
}

const start = '<!-- repeats: written by npm run generate -->\n';
const end = '<!-- end of repeats -->';

/** The page of the library with the table of what is sent again. */
export function withRepeatTable(page: string): string {
  const names = Object.keys(incidents) as Incident[];
  const cells = Object.values(rows).map(({ call, repeats }) => [call, ...names.map((name) => describe(repeats[name]))]);
  const before = page.slice(0, page.indexOf(start) + start.length);
  const table = markdownTable(['call', ...Object.values(incidents)], cells, 'left');
  return `${before}\n${table}\n\n${page.slice(page.indexOf(end))}`;
}
