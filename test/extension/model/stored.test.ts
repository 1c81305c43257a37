import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StoredRecord, StoredSession } from '../../../core/index.ts';
import { compareWithMark, markOf, parseMark, type SessionMark } from '../../../extension/model/mark.ts';
import { statusOfMark, statusOfSession } from '../../../extension/model/profile-status.ts';
import { parseSecretRecord } from '../../../extension/model/secret-record.ts';

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
const mark = markOf(session, origin);

describe('a secret record', () => {
  const good = { version: 1, origin, key: 'k', iv: 'i', credentials: { username: 'ann' }, session };

  for (const record of [good, { version: 1, origin }, { ...good, session: signedOut }]) {
    it(`is read back: ${Object.keys(record).join(', ')}`, () =>
      assert.deepEqual(parseSecretRecord(JSON.stringify(record)), record));
  }

  const bad: readonly (readonly [string, unknown])[] = [
    ['null', null],
    ['a list', []],
    ['a text', 'x'],
    ['another version', { ...good, version: 2 }],
    ['no origin', { version: 1 }],
    ['a key that is no text', { ...good, key: 7 }],
    ['an IV that is no text', { ...good, iv: {} }],
    ['credentials that are no texts', { ...good, credentials: { username: 1 } }],
    ['credentials that are none', { ...good, credentials: 'ann' }],
    ['a session without tokens', { ...good, session: { ...session, tokens: undefined } }],
    ['a session of another version', { ...good, session: { ...session, version: 9 } }],
    [
      'an access token that is no text',
      { ...good, session: { ...session, tokens: { ...session.tokens, accessToken: 5 } } },
    ],
  ];
  for (const [what, value] of bad) {
    it(`is refused with a reason that quotes nothing: ${what}`, () => {
      const result = parseSecretRecord(JSON.stringify(value));
      assert.ok('problem' in result && result.problem !== '');
      assert.doesNotMatch(result.problem, /ann|AT|RT/);
    });
  }

  for (const text of ['', '{', '\u0000', 'undefined', '[1', '{"version":1']) {
    it(`is refused where it is no JSON: ${JSON.stringify(text)}`, () =>
      assert.deepEqual(parseSecretRecord(text), { problem: 'it is no JSON' }));
  }
});

describe('a mark', () => {
  it('holds times and the account, and no token', () => {
    assert.deepEqual(mark, {
      version: 1,
      origin,
      sessionId: 's1',
      generation: 3,
      account: 'ann@example.com',
      issuedAt: 1000,
      accessExpiresAt: 11_000,
      refreshExpiresAt: 90_000,
    });
    assert.doesNotMatch(JSON.stringify(mark), /AT|RT/);
  });

  it('holds nothing of a session after the sign-out', () =>
    assert.deepEqual(markOf(signedOut, origin), { version: 1, origin, generation: 0 }));

  it('says that the session has ended', () =>
    assert.equal(markOf({ ...session, ended: { at: 1, code: 'sessionEnded' } }, origin).ended, true));

  it('is read back', () => assert.deepEqual(parseMark(JSON.stringify(mark)), mark));

  const junk: readonly unknown[] = [
    null,
    [],
    'x',
    {},
    { ...mark, version: 2 },
    { ...mark, origin: undefined },
    { ...mark, generation: '3' },
    { ...mark, accessExpiresAt: 'soon' },
    { ...mark, account: 7 },
    { ...mark, sessionId: {} },
  ];
  for (const value of junk) {
    it(`is none where the file holds ${JSON.stringify(value)}`, () =>
      assert.equal(parseMark(JSON.stringify(value)), undefined));
  }

  it('is none where the file is cut short', () => assert.equal(parseMark('{"version":1,"ori'), undefined));
});

describe('secrets against the mark', () => {
  const other = { ...session, sessionId: 's2' };
  const rows: readonly (readonly [string, StoredRecord | undefined, SessionMark | undefined, string])[] = [
    ['no mark at all', session, undefined, 'same'],
    ['a mark of a sign-out', session, markOf(signedOut, origin), 'same'],
    ['the same token set', session, mark, 'same'],
    ['secrets that are newer: a crash before the mark was written', { ...session, generation: 4 }, mark, 'same'],
    ['secrets that are older', { ...session, generation: 2 }, mark, 'behind'],
    ['no secrets', undefined, mark, 'lost'],
    ['a sign-out after the mark', signedOut, mark, 'same'],
    ['a sign-out before the mark', { version: 1, signedOutAt: 500 }, mark, 'behind'],
    ['an older session', { ...other, tokens: { ...session.tokens, issuedAt: 500 } }, mark, 'behind'],
    ['a newer session', { ...other, tokens: { ...session.tokens, issuedAt: 1500 } }, mark, 'same'],
    ['nothing on either side', undefined, undefined, 'same'],
  ];
  for (const [what, seen, on, expected] of rows) {
    it(`are ${expected}: ${what}`, () => assert.equal(compareWithMark(seen, on), expected));
  }
});

describe('the status of a mark', () => {
  const at = (now: number, of: SessionMark | undefined = mark): string => statusOfMark(of, now, 2000, 'kept').phase;
  const { accessExpiresAt: _, ...unlimited } = mark;

  it('is signed out without a session', () => {
    assert.equal(statusOfMark(undefined, 0, 0, 'kept').phase, 'signedOut');
    assert.equal(at(0, markOf(signedOut, origin)), 'signedOut');
  });
  it('is valid before the margin', () => assert.equal(at(8_999), 'valid'));
  it('is due inside the margin', () => assert.equal(at(9_000), 'due'));
  it('is expired when the access token is over', () => assert.equal(at(11_000), 'expired'));
  it('is ended when the refresh token is over too', () => assert.equal(at(90_000), 'ended'));
  it('is ended when it was marked so', () => assert.equal(at(2000, { ...mark, ended: true }), 'ended'));
  it('is valid where the partner gave no lifetime', () => assert.equal(at(80_000, unlimited), 'valid'));

  it('carries times, account and storage', () => {
    const status = statusOfMark(mark, 2000, 0, 'windowOnly');
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
