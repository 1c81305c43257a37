import { styleText } from 'node:util';
import { plainLine } from '../../profiles/index.ts';
import { duration, localTime } from '../terminal/times.ts';
import type { PartnerReport, TokenReport } from './report.ts';

type Style = (format: Parameters<typeof styleText>[0], text: string) => string;

/** Renders one partner's report on one screen, in colour if `stream` is a terminal that supports it. */
export function renderReport(report: PartnerReport, stream: NodeJS.WriteStream): string {
  const hasColors = stream.isTTY && stream.hasColors();
  const style: Style = (format, text) => (hasColors ? styleText(format, text, { validateStream: false }) : text);
  const columns = stream.isTTY && stream.columns > 0 ? stream.columns : 100;
  const width = Math.max(40, Math.min(columns, 110)) - indent.length;
  const lines = buildRows(report, width).flatMap(([name, value]) => {
    const title = name.padEnd(indent.length - 3);
    const [first = '', ...more] = wrap(value, width);
    return [`  ${style(name.startsWith(' ') ? 'dim' : 'bold', title)} ${first}`, ...more.map((line) => indent + line)];
  });
  const address = `${report.baseUrl}${report.sandbox ? ' (sandbox)' : ''}`;
  return `\n${style(['bold', 'cyan'], report.label)}  ${style('dim', address)}\n${lines.join('\n')}\n`;
}

const indent = ' '.repeat(21);

function buildRows(report: PartnerReport, width: number): [string, string][] {
  const { signIn, accessToken, refresh, call, replay } = report;
  return [
    ['Sign in', `${signIn.method} ${signIn.path}`],
    ...Object.entries(signIn.headers).map(([name, value]): [string, string] => ['  header', `${name}: ${value}`]),
    ['  payload', formatPayload(signIn.payload)],
    ...optional('  sent', signIn.sent && shorten(signIn.sent, width)),
    ['Access token', formatToken(accessToken)],
    ...optional('  claims', accessToken.claims && formatPairs(accessToken.claims)),
    ['  expires', formatDate(accessToken.expiresAt)],
    ['  sign in again', formatDate(report.refreshExpiresAt)],
    ...optional('Protected call', call && `${call.method} ${call.path} -> HTTP ${call.status}`),
    ...optional('  response', call && shorten(JSON.stringify(call.body), 2 * width)),
    ['Refresh', formatRefresh(refresh)],
    ['  access token', formatToken(refresh.accessToken)],
    ['  expires', formatDate(refresh.accessToken.expiresAt)],
    ...optional('Old refresh token', replay && (replay.accepted ? 'still accepted' : (replay.said ?? 'refused'))),
    ...optional('  session', replay?.sessionAfter),
    ['Sign out', formatSignOut(report)],
  ];
}

function optional(name: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[name, value]];
}

function formatRefresh({ newAccessToken, newRefreshToken }: PartnerReport['refresh']): string {
  if (newAccessToken && newRefreshToken) return 'a new access token and a new refresh token';
  if (newAccessToken) return 'a new access token; the refresh token is unchanged';
  return newRefreshToken ? 'a new refresh token; the access token is unchanged' : 'the same tokens again';
}

function formatSignOut({ label, signOut }: PartnerReport): string {
  return signOut.revoked ? `tokens deleted here, revoked at ${label}` : `tokens deleted here, not revoked at ${label}`;
}

function formatToken({ masked, algorithm, fingerprint }: TokenReport): string {
  return `${masked}${algorithm === undefined ? '' : `, ${plainLine(algorithm, 20)}`}, SHA-256 ${fingerprint}…`;
}

/** Joins `name value` pairs with commas; lines do not break inside a pair. */
function formatPairs(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name} ${shorten(typeof value === 'string' ? value : JSON.stringify(value), 44)}`)
    .map((pair) => plainLine(pair, 120).replaceAll(' ', nonBreakingSpace))
    .join(', ');
}

function formatPayload(payload: Readonly<Record<string, string>>): string {
  const fields = Object.entries(payload).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `{ ${fields.map((field) => plainLine(field, 200).replaceAll(' ', nonBreakingSpace)).join(', ')} }`;
}

const nonBreakingSpace = '\u00a0';

/** Breaks lines between words if possible, else anywhere. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text.includes(nonBreakingSpace) ? text : plainLine(text, 600);
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > 0 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest].map((line) => line.replaceAll(nonBreakingSpace, ' '));
}

function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const tail = `… (${text.length} characters)`;
  return text.slice(0, Math.max(0, limit - tail.length)) + tail;
}

function formatDate(iso: string | undefined): string {
  if (iso === undefined) return 'unknown: the partner does not report it';
  const time = new Date(iso).getTime();
  return `${formatDuration(time - Date.now())}, on ${localTime(time)}`;
}

function formatDuration(ms: number): string {
  return ms <= 0 ? 'now' : `in ${duration(ms)}`;
}
