import type { CheckedProfile, ProfileStatus } from '../../core/profiles/index.ts';
import { commands } from '../model/ids.ts';
import { explainError } from '../model/messages.ts';
import type { Translate } from '../model/translate.ts';
import { shortDuration } from './duration.ts';
import { escapeMarkdown } from './markdown.ts';

/** The commands that links in the tooltip may run; VS Code disables every other command link. */
export const tooltipCommands: readonly string[] = [
  commands.refresh,
  commands.copyAccessToken,
  commands.inspectToken,
  commands.signIn,
  commands.signOut,
  commands.switchProfile,
  commands.showLog,
];

/** Markdown of the status item's tooltip. All external text goes through `escapeMarkdown`. */
export function tooltip(
  profile: CheckedProfile,
  status: ProfileStatus,
  now: number,
  t: Translate,
  formatTime: (epochMs: number) => string,
): string {
  const rows: [string, string][] = [];
  const deadline = (at: number): string =>
    `${formatTime(at)} (${at > now ? shortDuration(at - now, t) : t('expired')})`;
  if (status.account !== undefined) rows.push([t('Account'), status.account]);
  rows.push([t('Partner'), `${profile.definition.label}, ${new URL(profile.baseUrl).host}`]);
  const { accessExpiresAt, issuedAt, issuedBy } = status;
  const isSignInNext = status.renewable === false;
  const signInBy = isSignInNext ? accessExpiresAt : status.refreshExpiresAt;
  const hasEnded = status.phase === 'ended';
  const isRefused = status.refused === true;
  if (hasEnded && status.lastError === undefined) rows.push([t('Session'), sessionEnd(status, t)]);
  if (accessExpiresAt !== undefined) {
    rows.push(
      hasEnded && accessExpiresAt > now
        ? [t('Access token'), t('may still be accepted until {0}', formatTime(accessExpiresAt))]
        : [t('Access token expires'), deadline(accessExpiresAt)],
    );
  }
  if (signInBy !== undefined && !hasEnded) rows.push([t('Sign in again by'), deadline(signInBy)]);
  if (issuedAt !== undefined) {
    rows.push([
      issuedBy === 'signIn' ? t('Signed in') : issuedBy === 'refresh' ? t('Last refresh') : t('Tokens received'),
      formatTime(issuedAt),
    ]);
  }
  if (status.lastError !== undefined)
    rows.push([
      t('Last error'),
      explainError(status.lastError, profile.label, t, 'refresh', isRefused ? 'once' : undefined).message,
    ]);

  const signedIn = status.phase !== 'signedOut';
  const link = (title: string, icon: string, command: string): string =>
    `[$(${icon}) ${escapeMarkdown(title)}](command:${command})`;
  const links = signedIn
    ? [
        ...((hasEnded && !isRefused) || isSignInNext ? [] : [link(t('Refresh'), 'refresh', commands.refresh)]),
        ...(hasEnded || isSignInNext ? [link(t('Sign in'), 'key', commands.signIn)] : []),
        link(t('Copy token'), 'copy', commands.copyAccessToken),
        link(t('Inspect'), 'search', commands.inspectToken),
        link(t('Sign out'), 'sign-out', commands.signOut),
        link(t('Log'), 'output', commands.showLog),
      ]
    : [
        link(t('Sign in'), 'key', commands.signIn),
        link(t('Switch profile'), 'arrow-swap', commands.switchProfile),
        link(t('Log'), 'output', commands.showLog),
      ];
  const notes = [
    status.unencrypted === true
      ? t('The connection is not encrypted: anyone on its network can read passwords and tokens.')
      : undefined,
    storageNote(status, t),
  ];
  return [
    `**${escapeMarkdown(profile.label)}**`,
    `| | |\n|---|---|\n${rows.map(([name, value]) => `| ${unbroken(escapeMarkdown(name))}&nbsp;&nbsp; | ${escapeMarkdown(value)} |`).join('\n')}`,
    ...notes.flatMap((note) => (note === undefined ? [] : [`$(warning) ${escapeMarkdown(note)}`])),
    links.join('&nbsp;&nbsp; '),
  ].join('\n\n');
}

/** What the end of a session means for the user. */
export function sessionEnd({ refused }: Pick<ProfileStatus, 'refused'>, t: Translate): string {
  return refused === true ? t('refused; refresh to ask once more, or sign in again') : t('ended; sign in again');
}

function storageNote({ storage, phase }: ProfileStatus, t: Translate): string | undefined {
  if (storage === 'windowOnly' && phase === 'signedOut') {
    return t('This machine cannot store secrets: a sign-in lasts for one window only.');
  }
  if (storage === 'windowOnly') return t('Signed in for this window only: this machine cannot store secrets.');
  if (storage === 'behind') return t('Another window has newer tokens. Reload this window to use them.');
  return undefined;
}

/** VS Code would wrap the names next to a long value. */
function unbroken(name: string): string {
  return name.replaceAll(' ', '&nbsp;');
}
