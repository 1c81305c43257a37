import { styleText } from 'node:util';
import { plainLine } from '../lib/plain-line.ts';
import type { PartnerReport, TokenReport } from './report.ts';

type Style = (format: Parameters<typeof styleText>[0], text: string) => string;

/** One partner on one screen. Colours only where `stream` is a terminal that wants them. */
export function renderReport(report: PartnerReport, stream: NodeJS.WriteStream): string {
  const coloured = stream.isTTY && stream.hasColors();
  const style: Style = (format, text) => (coloured ? styleText(format, text, { validateStream: false }) : text);
  const columns = stream.isTTY && stream.columns > 0 ? stream.columns : 100;
  const width = Math.max(40, Math.min(columns, 110)) - indent.length;
  const lines = rowsOf(report, width).flatMap(([name, value]) => {
    const title = name.padEnd(indent.length - 3);
    const [first = '', ...more] = wrapped(value, width);
    return [`  ${style(name.startsWith(' ') ? 'dim' : 'bold', title)} ${first}`, ...more.map((line) => indent + line)];
  });
  const where = `${report.baseUrl}${report.sandbox ? ' (sandbox)' : ''}`;
  return `\n${style(['bold', 'cyan'], report.label)}  ${style('dim', where)}\n${lines.join('\n')}\n`;
}

const indent = ' '.repeat(21);

function rowsOf(report: PartnerReport, width: number): [string, string][] {
  const { signIn, accessToken, refresh, call, replay } = report;
  return [
    ['Sign in', `${signIn.method} ${signIn.path}`],
    ...Object.entries(signIn.headers).map(([name, value]): [string, string] => ['  header', `${name}: ${value}`]),
    ['  payload', payloadLine(signIn.payload)],
    ...optional('  sent', signIn.sent && shortened(signIn.sent, width)),
    ['Access token', tokenLine(accessToken)],
    ...optional('  claims', accessToken.claims && pairs(accessToken.claims)),
    ['  expires', moment(accessToken.expiresAt)],
    ['  sign in again', moment(report.refreshExpiresAt)],
    ...optional('Protected call', call && `${call.method} ${call.path} -> HTTP ${call.status}`),
    ...optional('  answer', call && shortened(JSON.stringify(call.body), 2 * width)),
    ['Refresh', refreshLine(refresh)],
    ['  access token', tokenLine(refresh.accessToken)],
    ['  expires', moment(refresh.accessToken.expiresAt)],
    ...optional('Old refresh token', replay && (replay.accepted ? 'still accepted' : (replay.said ?? 'refused'))),
    ...optional('  session', replay?.sessionAfter),
    ['Sign out', signOutLine(report)],
  ];
}

function optional(name: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[name, value]];
}

function refreshLine({ newAccessToken, newRefreshToken }: PartnerReport['refresh']): string {
  if (newAccessToken && newRefreshToken) return 'a new access token and a new refresh token';
  if (newAccessToken) return 'a new access token; the refresh token stays';
  return newRefreshToken ? 'a new refresh token; the access token stays' : 'the same tokens again';
}

function signOutLine({ label, signOut }: PartnerReport): string {
  return signOut.revoked ? `forgotten here, revoked at ${label}` : `forgotten here, not revoked at ${label}`;
}

function tokenLine({ masked, algorithm, fingerprint }: TokenReport): string {
  return `${masked}${algorithm === undefined ? '' : `, ${plainLine(algorithm, 20)}`}, SHA-256 ${fingerprint}…`;
}

/** `name value` pairs with commas between; the blanks inside a pair are no place to break a line. */
function pairs(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name} ${shortened(typeof value === 'string' ? value : JSON.stringify(value), 44)}`)
    .map((pair) => plainLine(pair, 120).replaceAll(' ', hardSpace))
    .join(', ');
}

function payloadLine(payload: Readonly<Record<string, string>>): string {
  const fields = Object.entries(payload).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `{ ${fields.map((field) => plainLine(field, 200).replaceAll(' ', hardSpace)).join(', ')} }`;
}

const hardSpace = '\u00a0';

/** Broken between words where there are any, else anywhere. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text.includes(hardSpace) ? text : plainLine(text, 600);
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > 0 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest].map((line) => line.replaceAll(hardSpace, ' '));
}

function shortened(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const tail = `… (${text.length} characters)`;
  return text.slice(0, Math.max(0, limit - tail.length)) + tail;
}

function moment(iso: string | undefined): string {
  if (iso === undefined) return 'the partner does not say when';
  const date = new Date(iso);
  return `${span(date.getTime() - Date.now())}, on ${date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' })}`;
}

function span(ms: number): string {
  if (ms <= 0) return 'now';
  const minutes = Math.round(ms / 60_000);
  if (minutes < 2) return `in ${Math.round(ms / 1000)} s`;
  if (minutes < 120) return `in ${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 72 ? `in ${hours} h` : `in ${Math.round(hours / 24)} days`;
}
