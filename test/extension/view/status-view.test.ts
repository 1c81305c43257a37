import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PartnerAuthError, type PartnerAuthErrorCode } from '../../../core/index.ts';
import { errorCodes } from '../../../core/lib/errors.ts';
import { commands } from '../../../extension/model/ids.ts';
import { parseProfiles } from '../../../core/profiles/profile.ts';
import type { ProfileStatus } from '../../../core/profiles/profile-status.ts';
import { shortDuration } from '../../../extension/view/duration.ts';
import { nextViewChange, signingInView, statusView, type StatusView } from '../../../extension/view/status-view.ts';
import { english } from '../../helpers/fake-app.ts';

const minute = 60_000;
const hour = 60 * minute;
const now = Date.UTC(2026, 0, 1);
const profileNamed = (label: string) =>
  parseProfiles([{ id: 'a', label, partner: 'bizmail', baseUrl: 'https://a.example' }]).profiles[0];
const acme = profileNamed('ACME');
const base: ProfileStatus = { phase: 'signedOut', refreshing: false, storage: 'kept' };
const view = (status: Partial<ProfileStatus>, at = now, autoRefresh = true): StatusView =>
  statusView(acme, { ...base, ...status }, at, english, autoRefresh);
const failedWith = (code: PartnerAuthErrorCode): PartnerAuthError =>
  new PartnerAuthError(code, 'secret details of the error');
const lastError = failedWith('network');

describe('statusView', () => {
  const rows: readonly (readonly [
    what: string,
    Partial<ProfileStatus>,
    text: string,
    StatusView['severity'],
    command: string,
  ])[] = [
    ['signed out', {}, '$(key) ACME: Sign in', 'normal', commands.signIn],
    ['valid', { phase: 'valid', accessExpiresAt: now + 9.5 * hour }, '$(key) ACME 9h', 'normal', commands.refresh],
    ['valid without a known expiry', { phase: 'valid' }, '$(key) ACME', 'normal', commands.refresh],
    ['due', { phase: 'due', accessExpiresAt: now + 4 * minute }, '$(key) ACME 4m', 'normal', commands.refresh],
    [
      'due in its last minute',
      { phase: 'due', accessExpiresAt: now + 30_000 },
      '$(key) ACME <1m',
      'normal',
      commands.refresh,
    ],
    ['refreshing', { phase: 'valid', refreshing: true }, '$(sync~spin) ACME: refreshing', 'normal', commands.showLog],
    [
      'offline but valid',
      { phase: 'valid', accessExpiresAt: now + 2 * hour, lastError },
      '$(debug-disconnect) ACME 2h, offline',
      'normal',
      commands.refresh,
    ],
    [
      'offline and due',
      { phase: 'due', accessExpiresAt: now + 2 * minute, lastError },
      '$(debug-disconnect) ACME 2m, offline',
      'warning',
      commands.refresh,
    ],
    ['expired', { phase: 'expired', accessExpiresAt: now - 1 }, '$(key) ACME: Expired', 'normal', commands.refresh],
    [
      'expired and offline',
      { phase: 'expired', accessExpiresAt: now - 1, lastError },
      '$(debug-disconnect) ACME: Expired, offline',
      'error',
      commands.refresh,
    ],
    [
      'valid after a server error of the partner',
      { phase: 'valid', accessExpiresAt: now + 2 * hour, lastError: failedWith('partnerUnavailable') },
      '$(debug-disconnect) ACME 2h, partner unavailable',
      'normal',
      commands.refresh,
    ],
    [
      'valid but not saved',
      { phase: 'valid', accessExpiresAt: now + 2 * hour, lastError: failedWith('store') },
      '$(warning) ACME 2h, not saved',
      'normal',
      commands.refresh,
    ],
    [
      'valid, but its session cannot be opened',
      { phase: 'valid', accessExpiresAt: now + 2 * hour, lastError: failedWith('configuration') },
      '$(warning) ACME 2h, check the settings',
      'normal',
      commands.refresh,
    ],
    [
      'expired, with a response that cannot be decrypted',
      { phase: 'expired', accessExpiresAt: now - 1, lastError: failedWith('cipher') },
      '$(warning) ACME: Expired, refresh failed',
      'error',
      commands.refresh,
    ],
    ['ended', { phase: 'ended', accessExpiresAt: now - 1 }, '$(key) ACME: Sign in again', 'error', commands.signIn],
    [
      'ended with a token that has not expired',
      { phase: 'ended', accessExpiresAt: now + 3 * hour },
      '$(key) ACME: Sign in again',
      'warning',
      commands.signIn,
    ],
    [
      'refused',
      { phase: 'ended', refused: true, accessExpiresAt: now - 1 },
      '$(warning) ACME: Refused',
      'error',
      commands.refresh,
    ],
    [
      'refused with a token that has not expired',
      { phase: 'ended', refused: true, accessExpiresAt: now + hour, lastError: failedWith('sessionEnded') },
      '$(warning) ACME: Refused',
      'warning',
      commands.refresh,
    ],
    [
      'behind another window',
      { phase: 'valid', storage: 'behind' },
      '$(warning) ACME: Reload window',
      'warning',
      'workbench.action.reloadWindow',
    ],
  ];

  for (const [what, status, text, severity, command] of rows) {
    it(`shows "${text}" when ${what}`, () => {
      const { accessibilityLabel, ...visible } = view(status);
      assert.deepEqual(visible, { text, severity, command });
      assert.match(accessibilityLabel, /^ACME: [^$(]+$/);
    });
  }

  it('signs in, and does not refresh, on a click if the session cannot be refreshed', () => {
    const { text, command } = view({ phase: 'valid', accessExpiresAt: now + 9.5 * hour, renewable: false });
    assert.deepEqual([text, command], ['$(key) ACME 9h', commands.signIn]);
  });

  it('warns of what a refresh would fix only if a person has to start it', () => {
    for (const status of [
      { phase: 'due', accessExpiresAt: now + 4 * minute },
      { phase: 'expired', accessExpiresAt: now - 1 },
    ] as const) {
      assert.equal(view(status).severity, 'normal', status.phase);
      assert.equal(view(status, now, false).severity, 'warning', status.phase);
    }
    assert.equal(view({ phase: 'valid', accessExpiresAt: now + hour }, now, false).severity, 'normal');
  });

  it('differs from a normal state by more than its color if it warns', () => {
    const due = { phase: 'due', accessExpiresAt: now + 4 * minute } as const;
    assert.deepEqual([view(due).text, view(due, now, false).text], ['$(key) ACME 4m', '$(warning) ACME 4m']);
  });

  it('promises nothing about the access token of a session that has ended', () => {
    const blocked = {
      phase: 'ended',
      accessExpiresAt: now + hour,
      lastError: failedWith('accountUnavailable'),
    } as const;
    for (const status of [blocked, { phase: 'ended', accessExpiresAt: now + hour }, { phase: 'ended' }] as const) {
      const { text, accessibilityLabel } = view(status);
      assert.doesNotMatch(`${text} ${accessibilityLabel}`, /valid|works|\d/);
      assert.match(accessibilityLabel, /may still be accepted for a while; sign in again/);
    }
    assert.doesNotMatch(view({ phase: 'ended', accessExpiresAt: now - 1 }).accessibilityLabel, /accepted/);
  });

  it('says of a refused session what can be done', () => {
    const refused = { phase: 'ended', refused: true } as const;
    for (const accessExpiresAt of [undefined, now + hour, now - 1]) {
      const { accessibilityLabel } = view({ ...refused, ...(accessExpiresAt && { accessExpiresAt }) });
      assert.match(accessibilityLabel, /refused to refresh the session.*refresh to ask once more, or sign in again$/);
      assert.equal(accessibilityLabel.includes('accepted'), (accessExpiresAt ?? Infinity) > now);
    }
  });

  it('shows offline only for network errors', () => {
    const accessExpiresAt = now + hour;
    const offline = errorCodes.filter((code) =>
      view({ phase: 'valid', accessExpiresAt, lastError: failedWith(code) }).text.includes('offline'),
    );
    assert.deepEqual(offline, ['network', 'timeout']);
  });

  it('has a distinct accessibility label for every state', () => {
    const labels = rows.map(([, status]) => view(status).accessibilityLabel);
    // A known expiry makes no difference, nor does the last minute before it.
    assert.equal(new Set(labels).size, rows.length - 3);
  });

  it('keeps the accessibility label from minute to minute', () => {
    for (const [what, status] of rows) {
      const later = view(status, now + 10_000).accessibilityLabel;
      assert.equal(view(status).accessibilityLabel, later, what);
      assert.doesNotMatch(later, /\d/, what);
    }
    const end = now + 9 * hour;
    const spoken = [0, 1, 59, 300].map((left) => view({ phase: 'valid', accessExpiresAt: end }, now + left * minute));
    assert.equal(new Set(spoken.map((one) => one.accessibilityLabel)).size, 1);
    assert.equal(new Set(spoken.map((one) => one.text)).size, 3);
  });

  it('offers to add a profile when there is none', () => {
    assert.deepEqual(statusView(undefined, base, now, english), {
      text: '$(key) Partner Auth',
      severity: 'normal',
      command: commands.addProfile,
      accessibilityLabel: 'Partner Auth: add a profile',
    });
  });

  it('does not render an icon from a profile name', () => {
    const { text } = statusView(profileNamed('$(alert) ACME'), base, now, english);
    assert.equal(text, '$(key) $\u200b(alert) ACME: Sign in');
  });

  it('truncates a long name between characters', () => {
    assert.equal(
      statusView(profileNamed('a'.repeat(20)), base, now, english).text,
      `$(key) ${'a'.repeat(20)}: Sign in`,
    );
    assert.equal(
      statusView(profileNamed('a'.repeat(21)), base, now, english).text,
      `$(key) ${'a'.repeat(19)}…: Sign in`,
    );
    assert.equal(
      statusView(profileNamed('🔑'.repeat(30)), base, now, english).text,
      `$(key) ${'🔑'.repeat(19)}…: Sign in`,
    );
  });

  it('truncates between characters as a person sees them', () => {
    for (const character of ['👩‍💻', '👩🏽‍🚀', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'é'.normalize('NFD')]) {
      const { text } = statusView(profileNamed(character.repeat(5) + 'a'.repeat(20)), base, now, english);
      assert.equal(text, `$(key) ${character.repeat(5)}${'a'.repeat(14)}…: Sign in`);
    }
  });

  it('isolates a right-to-left name from the time after it, and no other name', () => {
    const status: ProfileStatus = { ...base, phase: 'valid', accessExpiresAt: now + 9.5 * hour };
    for (const label of ['می‌خواهم', 'דואר', 'ACME دفع', 'ދިވެހި']) {
      assert.equal(statusView(profileNamed(label), status, now, english).text, `$(key) \u2068${label}\u2069 9h`);
    }
    for (const label of ['ACME', 'Đối tác', '支付', '👩‍💻'])
      assert.equal(statusView(profileNamed(label), status, now, english).text, `$(key) ${label} 9h`);
  });

  it('does not call the partner unavailable if something on the way to it responded', () => {
    for (const code of ['partnerUnavailable', 'invalidResponse'] as const) {
      const error = new PartnerAuthError(code, 'x', { status: 502, foreign: true, retryable: true });
      const { text } = view({ phase: 'valid', accessExpiresAt: now + 2 * hour, lastError: error });
      assert.equal(text, '$(debug-disconnect) ACME 2h, not reached');
    }
  });

  it('shows no details of an error', () => {
    for (const [, status] of rows) assert.doesNotMatch(JSON.stringify(view(status)), /secret details/);
  });
});

describe('nextViewChange', () => {
  const start = now + 20_000;
  const rows: readonly (readonly [string, Partial<ProfileStatus>, number])[] = [
    ['the next full minute', {}, now + minute],
    ['the expiry of the access token before that', { accessExpiresAt: now + 25_000 }, now + 25_000],
    ['the expiry of the refresh token before that', { refreshExpiresAt: now + 30_000 }, now + 30_000],
    ['the next full minute after an expiry', { accessExpiresAt: now + 20_000 }, now + minute],
    ['the next full minute before an expiry', { accessExpiresAt: now + hour }, now + minute],
  ];
  for (const [what, status, at] of rows)
    it(`is ${what}`, () => assert.equal(nextViewChange({ ...base, ...status }, start), at));
});

describe('signingInView', () => {
  it('shows progress in the item while a sign-in is running, and the log on click', () => {
    assert.ok(acme !== undefined);
    assert.deepEqual(signingInView(acme, english), {
      text: '$(sync~spin) ACME: signing in',
      severity: 'normal',
      command: commands.showLog,
      accessibilityLabel: 'ACME: signing in',
    });
  });
});

describe('shortDuration', () => {
  const rows: readonly (readonly [number, string])[] = [
    [-5 * hour, '<1m'],
    [0, '<1m'],
    [59_999, '<1m'],
    [minute, '1m'],
    [59 * minute + 59_999, '59m'],
    [hour, '1h'],
    [9.99 * hour, '9h'],
    [72 * hour - 1, '71h'],
    [72 * hour, '3d'],
    [90 * 24 * hour, '90d'],
    [Number.NaN, '<1m'],
  ];
  for (const [ms, text] of rows)
    it(`formats ${ms} ms as ${text}`, () => assert.equal(shortDuration(ms, english), text));
});
