import { styleText } from 'node:util';
import { plainLine } from '../log.ts';
import type { PartnerReport, TokenReport } from './report.ts';

/** One partner on one screen. Colours only where `stream` is a terminal that wants them. */
export function renderReport(report: PartnerReport, stream: NodeJS.WriteStream): string {
  const style = (format: Parameters<typeof styleText>[0], text: string): string => styleText(format, text, { stream });
  const rows: [string, string][] = [];
  const { signIn, accessToken, refresh, call, replay } = report;

  rows.push(['Sign in', `${signIn.method} ${signIn.path}`]);
  for (const [name, value] of Object.entries(signIn.headers)) rows.push(['  header', `${name}: ${value}`]);
  rows.push(['  payload', JSON.stringify(signIn.payload)]);
  if (signIn.sent !== undefined) rows.push(['  sent', shorten(signIn.sent, 100)]);
  rows.push(['Access token', tokenLine(accessToken)]);
  if (accessToken.claims !== undefined) rows.push(['  claims', claimsLine(accessToken.claims)]);
  rows.push(['  expires', moment(accessToken.expiresAt)]);
  rows.push(['  new sign-in', moment(report.refreshExpiresAt)]);
  if (call !== undefined) {
    rows.push(['Protected call', `${call.method} ${call.path} -> HTTP ${call.status}`]);
    rows.push(['  answer', shorten(JSON.stringify(call.body), 100)]);
  }
  rows.push([
    'Refresh',
    refresh.rotated ? `new access token ${tokenLine(refresh.accessToken)}` : 'the partner gave the same tokens again',
  ]);
  rows.push(['  expires', moment(refresh.accessToken.expiresAt)]);
  if (replay !== undefined) {
    rows.push(['Old refresh token', replay.accepted ? 'still accepted' : `refused. ${replay.said ?? ''}`]);
    rows.push(['  session after', replay.sessionAfter]);
  }
  rows.push([
    'Sign out',
    report.signOut.revoked
      ? 'revoked at the partner, forgotten here'
      : 'forgotten here; no logout call at this partner',
  ]);

  const width = Math.min((stream.columns as number | undefined) ?? 100, 110) - indent.length;
  const lines = rows.flatMap(([name, value]) => {
    const title = name.padEnd(18);
    const [first = '', ...more] = wrapped(plainLine(value, 400), width);
    return [
      `  ${name.startsWith(' ') ? style('dim', title) : style('bold', title)} ${first}`,
      ...more.map((line) => indent + line),
    ];
  });
  const where = `${report.baseUrl}${report.sandbox ? ' (sandbox)' : ''}`;
  return `\n${style(['bold', 'cyan'], report.label)}  ${style('dim', where)}\n${lines.join('\n')}\n`;
}

const indent = ' '.repeat(21);

/** Broken between words where there are any, else anywhere. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > 0 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

function tokenLine({ masked, algorithm }: TokenReport): string {
  return algorithm === undefined ? masked : `${masked}, ${algorithm}`;
}

function claimsLine(claims: Readonly<Record<string, unknown>>): string {
  return Object.entries(claims)
    .map(([name, value]) => `${name} ${shorten(typeof value === 'string' ? value : JSON.stringify(value), 40)}`)
    .join(', ');
}

function shorten(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit)}… (${text.length} characters)` : text;
}

function moment(iso: string | undefined): string {
  if (iso === undefined) return 'the partner does not say';
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
