import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlainRecord, StoredSession } from '../../../core/index.ts';
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
const signedOut: PlainRecord = { version: 1, signedOutAt: 5000 };
const summary = summaryOf(session, origin);

describe('parseSecretRecord', () => {
  const good = { version: 1, origin, key: 'k', iv: 'i', credentials: { username: 'ann' }, session };

  for (const record of [good, { version: 1, origin }, { ...good, session: signedOut }]) {
    it(`reads a record with ${Object.keys(record).join(', ')}`, () =>
      assert.deepEqual(parseSecretRecord(JSON.stringify(record)), { kind: 'record', record }));
  }

  const bad: readonly (readonly [string, unknown])[] = [
    ['null', null],
    ['a list', []],
    ['a string', 'x'],
    ['an older version', { ...good, version: 0 }],
    ['no origin', { version: 1 }],
    ['a key that is not a string', { ...good, key: 7 }],
    ['an IV that is not a string', { ...good, iv: {} }],
    ['a credential that is not a string', { ...good, credentials: { username: 1 } }],
    ['credentials that are not an object', { ...good, credentials: 'ann' }],
    ['a session without tokens', { ...good, session: { ...session, tokens: undefined } }],
    ['a session of an older version', { ...good, session: { ...session, version: 0 } }],
    [
      'an access token that is not a string',
      { ...good, session: { ...session, tokens: { ...session.tokens, accessToken: 5 } } },
    ],
  ];
  for (const [what, value] of bad) {
    it(`refuses ${what} with a reason that quotes no value`, () => {
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
    it(`reports the version if a newer version wrote ${what}`, () =>
      assert.deepEqual(parseSecretRecord(JSON.stringify(value)), { kind: 'newer', version }));
  }

  it('reads a record after a byte order mark', () =>
    assert.deepEqual(parseSecretRecord(`\ufeff${JSON.stringify(good)}`), { kind: 'record', record: good }));

  for (const text of ['', '{', '\u0000', 'undefined', '[1', '{"version":1']) {
    it(`refuses invalid JSON: ${JSON.stringify(text)}`, () =>
      assert.deepEqual(parseSecretRecord(text), { kind: 'invalid', problem: 'it is not JSON' }));
  }
});

describe('a session summary', () => {
  it('contains times and the account, but no token', () => {
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

  it('contains no session data after a sign-out', () =>
    assert.deepEqual(summaryOf(signedOut, origin), { version: 1, origin, generation: 0 }));

  it('records until when a refused refresh token may be tried again', () => {
    const { tokens } = session;
    const refused = {
      ...session,
      tokens: { ...tokens, refreshToken: 'r' },
      ended: { at: 1, code: 'sessionEnded' as const },
    };
    const { refreshExpiresAt: _, ...withoutDeadline } = refused.tokens;
    assert.equal(summaryOf({ ...refused, tokens: withoutDeadline }, origin).refusedUntil, 1 + 14 * 86_400_000);
    assert.equal(summaryOf({ ...refused, tokens: { ...refused.tokens, refreshExpiresAt: 9 } }, origin).refusedUntil, 9);
    const both = { ...refused, ended: { ...refused.ended, accessRefused: true } };
    assert.equal(summaryOf(both, origin).accessExpiresAt, undefined);
  });

  it('records that the session has ended', () =>
    assert.equal(summaryOf({ ...session, ended: { at: 1, code: 'sessionEnded' } }, origin).ended, true));

  it('is restored from JSON, with or without a byte order mark', () => {
    for (const mark of ['', '\ufeff']) assert.deepEqual(parseSummary(mark + JSON.stringify(summary)), summary);
  });

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
    it(`is undefined for ${JSON.stringify(value)}`, () => assert.equal(parseSummary(JSON.stringify(value)), undefined));
  }

  it('is undefined for truncated JSON', () => assert.equal(parseSummary('{"version":1,"ori'), undefined));
});

describe('compareWithSummary', () => {
  const other = { ...session, sessionId: 's2' };
  const rows: readonly (readonly [string, PlainRecord | undefined, SessionSummary | undefined, string])[] = [
    ['no summary', session, undefined, 'same'],
    ['a summary of a sign-out', session, summaryOf(signedOut, origin), 'same'],
    ['the same token set', session, summary, 'same'],
    ['newer secrets, as after a crash before the summary was written', { ...session, generation: 4 }, summary, 'same'],
    ['older secrets', { ...session, generation: 2 }, summary, 'behind'],
    ['no secrets', undefined, summary, 'lost'],
    ['a sign-out after the summary', signedOut, summary, 'same'],
    ['a sign-out before the summary', { version: 1, signedOutAt: 500 }, summary, 'behind'],
    ['an older session', { ...other, tokens: { ...session.tokens, issuedAt: 500 } }, summary, 'behind'],
    ['a newer session', { ...other, tokens: { ...session.tokens, issuedAt: 1500 } }, summary, 'same'],
    ['neither secrets nor a summary', undefined, undefined, 'same'],
  ];
  for (const [what, record, known, expected] of rows) {
    it(`returns '${expected}' for ${what}`, () => assert.equal(compareWithSummary(record, known), expected));
  }
});

describe('the status of a summary', () => {
  const phaseAt = (now: number, of: SessionSummary | undefined = summary): string =>
    statusOfSummary(of, now, 2000, 'kept').phase;
  const { accessExpiresAt: _, ...unlimited } = summary;

  it('is signed out without a session', () => {
    assert.equal(statusOfSummary(undefined, 0, 0, 'kept').phase, 'signedOut');
    assert.equal(phaseAt(0, summaryOf(signedOut, origin)), 'signedOut');
  });
  it('is valid before the refresh margin', () => assert.equal(phaseAt(8_999), 'valid'));
  it('is due inside the refresh margin', () => assert.equal(phaseAt(9_000), 'due'));
  it('is expired after the access token has expired', () => assert.equal(phaseAt(11_000), 'expired'));
  it('is ended after the refresh token has expired', () => assert.equal(phaseAt(90_000), 'ended'));
  it('says that a refresh may help while the refused refresh token is kept', () => {
    const refused = { ...summary, ended: true, refusedUntil: 3000 };
    assert.equal(statusOfSummary(refused, 2000, 0, 'kept').refused, true);
    assert.equal(statusOfSummary(refused, 3000, 0, 'kept').refused, undefined);
  });
  it('is ended if the summary says so', () => assert.equal(phaseAt(2000, { ...summary, ended: true }), 'ended'));
  it('is valid if the partner stated no lifetime', () => assert.equal(phaseAt(80_000, unlimited), 'valid'));

  it('contains times, account and storage', () => {
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

  it('is replaced by the status of the session when it opens', () => {
    const status = statusOfSession({ phase: 'due', refreshing: true }, 'behind');
    assert.deepEqual(status, { phase: 'due', refreshing: true, storage: 'behind' });
  });
});
