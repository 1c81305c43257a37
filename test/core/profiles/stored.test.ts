import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StoredRecord, StoredSession } from '../../../core/index.ts';
import {
  compareWithSummary,
  summaryOf,
  parseSummary,
  type SessionSummary,
} from '../../../core/profiles/session-summary.ts';
import { statusOfSummary, statusOfSession } from '../../../core/profiles/profile-status.ts';
import { parseSecretRecord } from '../../../core/profiles/secret-record.ts';

const origin = 'https://partner.example';
const session: StoredSession = {
  version: 1,
  sessionId: 's1',
  generation: 3,
  partner: 'tconnect',
  origin,
  account: 'ann@example.com',
  tokens: { accessToken: 'AT', refreshToken: 'RT', issuedAt: 1000, accessExpiresAt: 11_000, refreshExpiresAt: 90_000 },
};
const signedOut: StoredRecord = { version: 1, signedOutAt: 5000 };
const summary = summaryOf(session, origin);

describe('a secret record', () => {
  const good = { version: 1, origin, key: 'k', iv: 'i', credentials: { username: 'ann' }, session };

  for (const record of [good, { version: 1, origin }, { ...good, session: signedOut }]) {
    it(`is read back: ${Object.keys(record).join(', ')}`, () =>
      assert.deepEqual(parseSecretRecord(JSON.stringify(record)), { kind: 'record', record }));
  }

  const bad: readonly (readonly [string, unknown])[] = [
    ['null', null],
    ['a list', []],
    ['a text', 'x'],
    ['an older version', { ...good, version: 0 }],
    ['no origin', { version: 1 }],
    ['a key that is no text', { ...good, key: 7 }],
    ['an IV that is no text', { ...good, iv: {} }],
    ['credentials that are no texts', { ...good, credentials: { username: 1 } }],
    ['credentials that are none', { ...good, credentials: 'ann' }],
    ['a session without tokens', { ...good, session: { ...session, tokens: undefined } }],
    ['a session of an older version', { ...good, session: { ...session, version: 0 } }],
    [
      'an access token that is no text',
      { ...good, session: { ...session, tokens: { ...session.tokens, accessToken: 5 } } },
    ],
  ];
  for (const [what, value] of bad) {
    it(`is refused with a reason that quotes nothing: ${what}`, () => {
      const result = parseSecretRecord(JSON.stringify(value));
      assert.ok(result.kind === 'invalid' && result.problem !== '');
      assert.doesNotMatch(result.problem, /ann|AT|RT/);
    });
  }

  const newer: readonly (readonly [string, unknown, number])[] = [
    ['the record', { ...good, version: 2, key: { sealed: true } }, 2],
    ['its session', { ...good, session: { ...session, version: 9 } }, 9],
  ];
  for (const [what, value, version] of newer) {
    it(`is left alone if a newer version wrote ${what}`, () =>
      assert.deepEqual(parseSecretRecord(JSON.stringify(value)), { kind: 'newer', version }));
  }

  for (const text of ['', '{', '\u0000', 'undefined', '[1', '{"version":1']) {
    it(`is refused if it is not JSON: ${JSON.stringify(text)}`, () =>
      assert.deepEqual(parseSecretRecord(text), { kind: 'invalid', problem: 'it is not JSON' }));
  }
});

describe('a mark', () => {
  it('holds times and the account, and no token', () => {
    assert.deepEqual(summary, {
      version: 1,
      origin,
      sessionId: 's1',
      generation: 3,
      account: 'ann@example.com',
      issuedAt: 1000,
      accessExpiresAt: 11_000,
      refreshExpiresAt: 90_000,
    });
    assert.doesNotMatch(JSON.stringify(summary), /AT|RT/);
  });

  it('holds nothing of a session after the sign-out', () =>
    assert.deepEqual(summaryOf(signedOut, origin), { version: 1, origin, generation: 0 }));

  it('says that the session has ended', () =>
    assert.equal(summaryOf({ ...session, ended: { at: 1, code: 'sessionEnded' } }, origin).ended, true));

  it('is read back', () => assert.deepEqual(parseSummary(JSON.stringify(summary)), summary));

  const junk: readonly unknown[] = [
    null,
    [],
    'x',
    {},
    { ...summary, version: 2 },
    { ...summary, origin: undefined },
    { ...summary, generation: '3' },
    { ...summary, accessExpiresAt: 'soon' },
    { ...summary, account: 7 },
    { ...summary, sessionId: {} },
  ];
  for (const value of junk) {
    it(`is none where the file holds ${JSON.stringify(value)}`, () =>
      assert.equal(parseSummary(JSON.stringify(value)), undefined));
  }

  it('is none where the file is cut short', () => assert.equal(parseSummary('{"version":1,"ori'), undefined));
});

describe('secrets against the mark', () => {
  const other = { ...session, sessionId: 's2' };
  const rows: readonly (readonly [string, StoredRecord | undefined, SessionSummary | undefined, string])[] = [
    ['no summary at all', session, undefined, 'same'],
    ['a summary of a sign-out', session, summaryOf(signedOut, origin), 'same'],
    ['the same token set', session, summary, 'same'],
    ['secrets that are newer: a crash before the summary was written', { ...session, generation: 4 }, summary, 'same'],
    ['secrets that are older', { ...session, generation: 2 }, summary, 'behind'],
    ['no secrets', undefined, summary, 'lost'],
    ['a sign-out after the mark', signedOut, summary, 'same'],
    ['a sign-out before the mark', { version: 1, signedOutAt: 500 }, summary, 'behind'],
    ['an older session', { ...other, tokens: { ...session.tokens, issuedAt: 500 } }, summary, 'behind'],
    ['a newer session', { ...other, tokens: { ...session.tokens, issuedAt: 1500 } }, summary, 'same'],
    ['nothing on either side', undefined, undefined, 'same'],
  ];
  for (const [what, seen, on, expected] of rows) {
    it(`are ${expected}: ${what}`, () => assert.equal(compareWithSummary(seen, on), expected));
  }
});

describe('the status of a mark', () => {
  const at = (now: number, of: SessionSummary | undefined = summary): string =>
    statusOfSummary(of, now, 2000, 'kept').phase;
  const { accessExpiresAt: _, ...unlimited } = summary;

  it('is signed out without a session', () => {
    assert.equal(statusOfSummary(undefined, 0, 0, 'kept').phase, 'signedOut');
    assert.equal(at(0, summaryOf(signedOut, origin)), 'signedOut');
  });
  it('is valid before the margin', () => assert.equal(at(8_999), 'valid'));
  it('is due inside the margin', () => assert.equal(at(9_000), 'due'));
  it('is expired when the access token is over', () => assert.equal(at(11_000), 'expired'));
  it('is ended when the refresh token is over too', () => assert.equal(at(90_000), 'ended'));
  it('is ended when it was marked so', () => assert.equal(at(2000, { ...summary, ended: true }), 'ended'));
  it('is valid where the partner gave no lifetime', () => assert.equal(at(80_000, unlimited), 'valid'));

  it('carries times, account and storage', () => {
    const status = statusOfSummary(summary, 2000, 0, 'windowOnly');
    assert.deepEqual(status, {
      phase: 'valid',
      refreshing: false,
      issuedAt: 1000,
      accessExpiresAt: 11_000,
      refreshExpiresAt: 90_000,
      account: 'ann@example.com',
      storage: 'windowOnly',
    });
  });

  it('is that of the session once it is open', () => {
    const status = statusOfSession({ phase: 'due', refreshing: true }, 'behind');
    assert.deepEqual(status, { phase: 'due', refreshing: true, storage: 'behind' });
  });
});
