import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PartnerAuthError } from '../../../core/index.ts';
import { parseProfiles, type CheckedProfile } from '../../../core/profiles/profile.ts';
import type { ProfileStatus } from '../../../core/profiles/profile-status.ts';
import { escapeMarkdown, withoutLinks } from '../../../extension/view/markdown.ts';
import { tooltip, tooltipCommands } from '../../../extension/view/tooltip.ts';
import { english } from '../../helpers/fake-app.ts';

const now = Date.UTC(2026, 0, 1);
const hour = 3_600_000;
const [acme] = parseProfiles([{ id: 'a', label: 'ACME', partner: 'bizmail', baseUrl: 'https://a.example:8443/x' }])
  .profiles as readonly [CheckedProfile];
const valid: ProfileStatus = {
  phase: 'valid',
  refreshing: false,
  storage: 'kept',
  account: 'ann@example.com',
  issuedAt: now - hour,
  accessExpiresAt: now + 9 * hour,
  refreshExpiresAt: now + 30 * 24 * hour,
};
const time = (at: number): string => `<${new Date(at).toISOString().slice(0, 16)}>`;
const shown = (status: Partial<ProfileStatus> = {}, profile: CheckedProfile = acme): string =>
  tooltip(profile, { ...valid, ...status }, now, english, time);
/** The text as rendered. */
const rendered = (markdown: string): string =>
  markdown
    .replaceAll('&nbsp;&nbsp; |', ' |')
    .replaceAll('&nbsp;', ' ')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
const linksIn = (markdown: string): string[] => [...markdown.matchAll(/\]\(([^)]*)\)/g)].map(([, to = '']) => to);

const attacks = [
  '[x](command:evil)',
  '![x](https://evil.example/a.png)',
  '$(alert)',
  '<img src=https://evil.example>',
  '<a href="command:evil">x</a>',
  'a | b |\n| --- | --- |',
  '**bold** _it_ `code` ~~no~~',
  '# heading\n\n- list',
  '\u202egnp.exe\u2066',
  '&lt;b&gt; &#36;(alert)',
  'https://evil.example www.evil.example a@evil.example',
  '\\[x](command:evil)',
  '[x]: command:evil',
  '\u0000\u001b[31m',
];

describe('escapeMarkdown', () => {
  it('says that a connection by http is not encrypted', () => {
    const note = /The connection is not encrypted: anyone on its network can read passwords and tokens\./;
    assert.match(rendered(shown({ unencrypted: true })), note);
    assert.doesNotMatch(rendered(shown()), note);
  });

  for (const text of attacks) {
    it(`leaves no markup in ${JSON.stringify(text)}`, () => {
      const escaped = escapeMarkdown(text);
      assert.doesNotMatch(escaped.replace(/&#\d+;/g, ''), /[\\`*_{}[\]()#+\-!|<>~$&:@/\p{C}]/u);
      assert.doesNotMatch(escaped, /[\n\r\u202a-\u202e\u2066-\u2069]/);
    });
    it(`preserves the rendered text of ${JSON.stringify(text)}`, () => {
      assert.equal(rendered(escapeMarkdown(text)), text.replace(/[\p{C}\p{Z}]+/gu, ' '));
    });
  }

  it('truncates between characters, not inside an escape', () =>
    assert.equal(rendered(escapeMarkdown('['.repeat(9999))), '['.repeat(500)));

  for (const text of ['👩‍💻', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'می‌خواهم', 'ක්‍රියා'])
    it(`does not tear ${text} apart`, () => assert.equal(escapeMarkdown(text), text));

  it('does not escape Vietnamese letters', () => assert.equal(escapeMarkdown('Hồ sơ chính'), 'Hồ sơ chính'));
});

describe('withoutLinks', () => {
  it('removes links and preserves the visible text', () => {
    const text = 'The profile [x](command:evil) was added.';
    assert.doesNotMatch(withoutLinks(text), /\[[^\]]+\]\(/);
    assert.equal(withoutLinks(text).replaceAll('\u200b', ''), text);
  });
});

describe('tooltip', () => {
  it('shows the account, the partner, the deadlines and the last refresh', () => {
    const text = rendered(shown({ issuedBy: 'refresh' }));
    for (const part of [
      '**ACME**',
      '| Account | ann@example.com |',
      '| Partner | BizMail, a.example:8443 |',
      '| Access token expires | <2026-01-01T09:00> (9h) |',
      '| Sign in again by | <2026-01-31T00:00> (30d) |',
      '| Last refresh | <2025-12-31T23:00> |',
    ]) {
      assert.ok(text.includes(part), part);
    }
  });

  it('calls a sign-in no refresh', () => {
    assert.match(rendered(shown({ issuedBy: 'signIn' })), /\| Signed in \| <2025-12-31T23:00> \|/);
    assert.doesNotMatch(shown({ issuedBy: 'signIn' }), /Last refresh/);
    assert.match(rendered(shown()), /\| Tokens received \|/);
  });

  it('does not let a long value wrap the names', () => {
    const names = [...shown({ lastError: new PartnerAuthError('network', 'x') }).matchAll(/^\| ([^|]+) \|/gm)].map(
      ([, name = '']) => name,
    );
    assert.ok(names.length > 3);
    for (const name of names) assert.doesNotMatch(name, / /);
  });

  it('offers to sign in after the session has ended, and promises nothing about its access token', () => {
    const text = rendered(shown({ phase: 'ended' }));
    assert.ok(text.includes('| Session | ended; sign in again |'), text);
    assert.ok(text.includes('| Access token | may still be accepted until <2026-01-01T09:00> |'), text);
    assert.doesNotMatch(text, /Sign in again by|\(9h\)|expires/);
    assert.match(text, /command:partnerAuth\.signIn\)/);
    assert.doesNotMatch(text, /command:partnerAuth\.refresh\)/);
    assert.match(rendered(shown({ phase: 'ended', accessExpiresAt: now - 1 })), /\(expired\)/);
  });

  it('offers to refresh next to signing in after the partner has refused the session', () => {
    const refused = { phase: 'ended', refused: true } as const;
    for (const lastError of [undefined, new PartnerAuthError('sessionEnded', 'x')]) {
      const text = rendered(shown({ ...refused, ...(lastError && { lastError }) }));
      assert.match(text, /refused.*refresh to ask once more, or sign in again/i);
      assert.match(text, /command:partnerAuth\.refresh\).*command:partnerAuth\.signIn\)/);
    }
  });

  it('marks a past deadline as expired', () =>
    assert.match(rendered(shown({ accessExpiresAt: now - 1 })), /\(expired\)/));

  it('omits unknown values', () => {
    const { account: _, accessExpiresAt: __, refreshExpiresAt: ___, issuedAt: ____, ...bare } = valid;
    const text = tooltip(acme, bare, now, english, time);
    assert.doesNotMatch(text, /undefined|NaN|Account|expires|again|Last/);
  });

  it('explains the last error without its details', () => {
    const lastError = new PartnerAuthError('network', 'internal details');
    const text = rendered(shown({ lastError }));
    assert.match(text, /\| Last error \| ACME could not be reached/);
    assert.doesNotMatch(text, /internal details/);
  });

  it('links only to its enabled commands', () => {
    for (const phase of ['valid', 'signedOut', 'ended', 'expired', 'due'] as const) {
      const links = linksIn(shown({ phase }));
      assert.ok(links.length >= 3);
      for (const link of links)
        assert.ok(
          tooltipCommands.some((command) => link === `command:${command}`),
          link,
        );
    }
  });

  it('says when to sign in again if the session has one token only, and offers no refresh', () => {
    const { refreshExpiresAt: _, ...rest } = valid;
    const oneToken = tooltip(acme, { ...rest, renewable: false }, now, english, time);
    assert.match(rendered(oneToken), /Sign in again by.*<2026-01-01T09:00> \(9h\)/);
    assert.deepEqual(linksIn(oneToken).slice(0, 2), [
      'command:partnerAuth.signIn',
      'command:partnerAuth.copyAccessToken',
    ]);
    const unknown = tooltip(
      acme,
      { phase: 'valid', refreshing: false, storage: 'kept', renewable: false },
      now,
      english,
      time,
    );
    assert.doesNotMatch(rendered(unknown), /Sign in again by|Invalid/);
  });

  it('offers Sign in when signed out and Sign out when signed in', () => {
    assert.match(shown({ phase: 'signedOut' }), /command:partnerAuth\.signIn\)/);
    assert.doesNotMatch(shown({ phase: 'signedOut' }), /signOut|copyAccessToken/);
    assert.match(shown(), /command:partnerAuth\.signOut\)/);
  });

  it('warns when secrets do not last or are outdated', () => {
    assert.match(rendered(shown({ storage: 'windowOnly' })), /\$\(warning\) Signed in for this window only/);
    assert.match(rendered(shown({ storage: 'behind' })), /\$\(warning\) Another window has newer tokens/);
    assert.doesNotMatch(shown(), /warning/);
  });

  for (const text of attacks) {
    it(`keeps its structure with external text ${JSON.stringify(text)}`, () => {
      const plain = shown({ account: 'A' }, acme);
      const profile = { ...acme, label: text, definition: { ...acme.definition, label: text } };
      const attacked = shown({ account: text, lastError: new PartnerAuthError('timeout', text) }, profile);
      assert.deepEqual(linksIn(attacked), linksIn(plain));
      const rows = (markdown: string): number => markdown.split('\n').filter((line) => line.startsWith('| ')).length;
      assert.equal(rows(attacked), rows(plain) + 1);
      assert.doesNotMatch(attacked, /<|evil\)|\$\(alert/);
    });
  }
});
