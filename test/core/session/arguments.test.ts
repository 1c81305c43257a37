import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkConnection, definePartner, fileStore, openSession, type PartnerSession } from '../../../core/index.ts';
import { startSandbox } from '../../../core/sandbox/index.ts';
import { withRawPartner } from '../../helpers/raw-partner.ts';
import { plainCredentials, plainPartner } from '../../helpers/with-partner.ts';

// As a program without types calls it.
type Untyped = Record<string, (...args: unknown[]) => Promise<unknown>>;

const calls: readonly (readonly [title: string, call: (session: Untyped) => unknown, message: RegExp])[] = [
  [
    'login() without credentials',
    (s) => s.login?.(),
    /^login\(\) requires an object of credentials: user, password\.$/,
  ],
  ['login(null)', (s) => s.login?.(null), /^login\(\) requires an object of credentials/],
  ['login() with a string', (s) => s.login?.('ann'), /^login\(\) requires an object of credentials/],
  ['login() with a list', (s) => s.login?.(['ann', 'x']), /^login\(\) requires an object of credentials/],
  [
    'login() with null as options',
    (s) => s.login?.(plainCredentials, null),
    /^The options of login\(\) must be an object\.$/,
  ],
  [
    'login() with a signal as options',
    (s) => s.login?.(plainCredentials, { signal: 5 }),
    /^The option signal of login\(\)/,
  ],
  ['refresh(null)', (s) => s.refresh?.(null), /^The options of refresh\(\) must be an object\.$/],
  [
    'refresh() with a string as signal',
    (s) => s.refresh?.({ signal: 'x' }),
    /^The option signal of refresh\(\) must be an AbortSignal/,
  ],
  ['accessToken(null)', (s) => s.accessToken?.(null), /^The options of accessToken\(\) must be an object\.$/],
  [
    'accessToken() with a number',
    (s) => s.accessToken?.(60),
    /^The options of accessToken\(\) must be an object\. Did you mean accessToken\(\{ minValidity: 60 \}\)\?$/,
  ],
  [
    'accessToken() with a misspelled option',
    (s) => s.accessToken?.({ minValidty: 60 }),
    /^accessToken\(\) has no option "minValidty"\. Did you mean "minValidity"\?$/,
  ],
  ['login() with a misspelled option', (s) => s.login?.(plainCredentials, { singal: 1 }), /Did you mean "signal"\?$/],
  ['ensureSignedIn() with an unknown option', (s) => s.ensureSignedIn?.(plainCredentials, { force: true }), /"force"/],
  ['request() with a misspelled option', (s) => s.request?.('/x', { paylaod: {} }), /Did you mean "payload"\?$/],
  [
    'stream() with another letter case',
    (s) => s.stream?.('/x', { contenttype: 'a/b' }),
    /Did you mean "contentType"\?$/,
  ],
  [
    'request() with an option that is like no other',
    (s) => s.request?.('/x', { everything: 1 }),
    /^request\(\) has no option "everything"\. Known: method, query, /,
  ],
  [
    'refresh() with an option',
    (s) => s.refresh?.({ force: true }),
    /^refresh\(\) has no option "force"\. Known: signal\.$/,
  ],
  ['signOut() with an option', (s) => s.signOut?.({ revoke: false }), /^signOut\(\) has no option "revoke"/],
  ['close() with a misspelled option', (s) => s.close?.({ drian: 5 }), /Did you mean "drain"\?$/],
  [
    'request() with a string as payload',
    (s) => s.request?.('/x', { payload: '{}' }),
    /^payload must be .*not a string/,
  ],
  [
    'request() with bytes as payload',
    (s) => s.request?.('/x', { payload: Buffer.from('{}') }),
    /^payload must be .*Buffer/,
  ],
  ['request() with a Map as payload', (s) => s.request?.('/x', { payload: new Map() }), /^payload must be .*Map/],
  ['stream() with a Set as payload', (s) => s.stream?.('/x', { payload: new Set() }), /^payload must be .*Set/],
  ['request() with null as payload', (s) => s.request?.('/x', { payload: null }), /^payload must be .*null/],
  ['request() with an object as body', (s) => s.request?.('/x', { body: { a: 1 } }), /body/],
  ['request() with a Map as body', (s) => s.request?.('/x', { body: new Map() }), /body/],
  [
    'accessToken() with a string as minValidity',
    (s) => s.accessToken?.({ minValidity: '60' }),
    /^minValidity must be a number/,
  ],
  ['request() without a path', (s) => s.request?.(), /^The path of a request must be a string/],
  ['on() without an event', (s) => s.on?.(undefined, () => 1), /^The event must be "change" or "exchange"\.$/],
  ['on() without a listener', (s) => s.on?.('change'), /^The listener must be a function\.$/],
  [
    'on() with null as options',
    (s) => s.on?.('exchange', () => 1, null),
    /^The options of on\(\) must be an object\.$/,
  ],
  [
    'on() with a string as reveal',
    (s) => s.on?.('exchange', () => 1, { reveal: 'no' }),
    /^The option reveal of on\(\)/,
  ],
];

describe('a call with an argument of the wrong type', () => {
  for (const [title, call, message] of calls) {
    it(`is a TypeError with its own sentence: ${title}`, () =>
      withRawPartner({}, async ({ session, received }) => {
        const before = received.length;
        const untyped = session as PartnerSession & Untyped;
        await assert.rejects(async () => call(untyped), { name: 'TypeError', message });
        assert.equal(received.length, before);
      }));
  }

  it('is a configuration error for a credential that is not a string', () =>
    withRawPartner({ signedIn: false }, async ({ session, received }) => {
      for (const [name, value] of [
        ['user', 5],
        ['password', null],
        ['extra', {}],
        ['otp', 123456],
      ] as const) {
        const credentials = { ...plainCredentials, [name]: value } as never;
        await assert.rejects(session.login(credentials), { code: 'configuration', setting: name });
      }
      assert.equal(received.length, 0);
    }));

  const open: readonly (readonly [title: string, call: () => unknown, message: RegExp])[] = [
    ['openSession()', () => openSession(undefined as never), /^openSession must be an object\.$/],
    ['openSession() with a string', () => openSession('tconnect' as never), /^openSession must be an object\.$/],
    [
      'openSession() with a misspelled option',
      () => openSession({ partner: plainPartner, baseURL: 'https://h' } as never),
      /"baseURL"\. Did you mean "baseUrl"\?/,
    ],
    [
      'a misspelled partner',
      () => openSession({ partner: 'tconect', baseUrl: 'https://h' } as never),
      /Did you mean "tconnect"\?$/,
    ],
    [
      'a path as store',
      () => openSession({ partner: plainPartner, baseUrl: 'https://h', store: 'a.json' as never }),
      /^store must have the methods .* Did you mean fileStore\(\) with this path\?$/,
    ],
    [
      'a function as logger',
      () => openSession({ partner: plainPartner, baseUrl: 'https://h', logger: (() => 1) as never }),
      /^logger must be an object with the methods/,
    ],
    [
      'fileStore() with a misspelled option',
      () => fileStore('x', { allowgroup: true } as never),
      /Did you mean "allowGroup"\?/,
    ],
    ['startSandbox() with a misspelled option', () => startSandbox({ dealy: 1 } as never), /Did you mean "delay"\?$/],
    ['checkConnection()', () => checkConnection(undefined as never), /^The options of a connection must be an object/],
    ['definePartner()', () => definePartner(undefined as never), /^partner must be a JSON object\.$/],
    [
      'extraFields that are null',
      () => openSession({ partner: plainPartner, baseUrl: 'https://h', extraFields: null as never }),
      /^extraFields must be an object\.$/,
    ],
  ];
  for (const [title, call, message] of open) {
    it(`is refused with its own sentence: ${title}`, async () => {
      await assert.rejects(async () => call(), { message });
    });
  }
});
