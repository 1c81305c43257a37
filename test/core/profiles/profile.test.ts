import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cipherOf, parseProfiles } from '../../../core/profiles/profile.ts';

const bizmail = { id: 'mail', label: 'Mailer', partner: 'bizmail', baseUrl: 'https://mail.example' };
const tconnect = {
  id: 'pay',
  label: 'ACME',
  partner: 'tconnect',
  baseUrl: 'https://pay.example',
  partnerCode: 'ACME-1',
  cipher: { keyFormat: 'hex', iv: { from: 'fixed', format: 'hex' }, output: 'hex' },
};
const parse = parseProfiles;
const without = (profile: object, name: string): object =>
  Object.fromEntries(Object.entries(profile).filter(([key]) => key !== name));
const withIv = (iv: unknown): object => ({ ...tconnect, cipher: { ...tconnect.cipher, iv } });

describe('profiles', () => {
  it('are parsed with their definition and origin', () => {
    const { profiles, problems } = parse([{ ...tconnect, baseUrl: 'https://pay.example:8443/api' }, bizmail]);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      profiles.map(({ id, origin, definition }) => [id, origin, definition.id]),
      [
        ['pay', 'https://pay.example:8443', 'tconnect'],
        ['mail', 'https://mail.example', 'bizmail'],
      ],
    );
  });

  for (const baseUrl of [
    ' https://mail.example/api ',
    'https://mail.example/api//',
    'HTTPS://Mail.Example:443/api',
    'https://mail.example/\tapi\n',
    'https://mail.example/v1/../api',
  ]) {
    it(`have their base URL in its parsed form: ${JSON.stringify(baseUrl)}`, () => {
      const [profile] = parse([{ ...bizmail, baseUrl }]).profiles;
      assert.equal(profile?.baseUrl, 'https://mail.example/api');
    });
  }

  const printable = ['👩‍💻 dev', '👩🏽‍🚀', '🏳️‍🌈', '🏴󠁧󠁢󠁥󠁮󠁧󠁿 England', 'می‌خواهم', 'ක්‍රියා', 'דואר', '👍'.repeat(80)];
  for (const label of printable) {
    it(`accept the label ${label}`, () => assert.deepEqual(parse([{ ...bizmail, label }]).problems, []));
  }

  it('accept every optional field', () => {
    const full = {
      ...bizmail,
      bodyForm: 'multipart',
      response: { tokensIn: 'data.token' },
      extraFields: { login: { grant_type: 'password' }, refresh: {} },
      caFile: '/etc/ca.pem',
    };
    const { profiles, problems } = parse([full]);
    assert.deepEqual(problems, []);
    assert.equal(profiles[0]?.definition.body.form, 'multipart');
    assert.equal(profiles[0].definition.login.tokensIn, 'data.token');
  });

  for (const empty of [undefined, []]) {
    it(`are empty if the setting is ${JSON.stringify(empty)}`, () =>
      assert.deepEqual(parse(empty), { profiles: [], problems: [] }));
  }

  for (const invalid of [null, {}, 'text', 3, true]) {
    it(`are empty if the setting is ${JSON.stringify(invalid)}, and the problem is reported`, () =>
      assert.deepEqual(parse(invalid), {
        profiles: [],
        problems: [{ name: '', of: 'profile', field: '', message: 'must be a list', values: [] }],
      }));
  }
});

describe('a problem in a profile', () => {
  const invalidProfiles: readonly (readonly [what: string, profile: unknown, field: string])[] = [
    ['a string', 'mail', ''],
    ['null', null, ''],
    ['a list', [bizmail], ''],
    ['no id', without(bizmail, 'id'), 'id'],
    ['no label', without(bizmail, 'label'), 'label'],
    ['no partner', without(bizmail, 'partner'), 'partner'],
    ['no base URL', without(bizmail, 'baseUrl'), 'baseUrl'],
    ['an id with a space', { ...bizmail, id: 'my mail' }, 'id'],
    ['an id of another type', { ...bizmail, id: 7 }, 'id'],
    ['an id of 65 letters', { ...bizmail, id: 'a'.repeat(65) }, 'id'],
    ['an empty label', { ...bizmail, label: '' }, 'label'],
    ['a label of two lines', { ...bizmail, label: 'a\nb' }, 'label'],
    ['a label with a direction-changing character', { ...bizmail, label: 'ACME\u202egnp' }, 'label'],
    ['a label with a joiner that joins nothing', { ...bizmail, label: 'AC\u200dME' }, 'label'],
    ['a label with a zero-width space', { ...bizmail, label: 'AC\u200bME' }, 'label'],
    ['a label with tags outside of a flag', { ...bizmail, label: 'ACME\u{e0061}' }, 'label'],
    ['a label of 81 letters', { ...bizmail, label: 'a'.repeat(81) }, 'label'],
    ['an unknown partner', { ...bizmail, partner: 'acme' }, 'partner'],
    ['a partner named like a property of objects', { ...bizmail, partner: 'constructor' }, 'partner'],
    ['http to another machine', { ...bizmail, baseUrl: 'http://mail.example' }, 'baseUrl'],
    ['a base URL without a scheme', { ...bizmail, baseUrl: 'mail.example' }, 'baseUrl'],
    ['a base URL of another scheme', { ...bizmail, baseUrl: 'file:///etc/passwd' }, 'baseUrl'],
    ['a password in the base URL', { ...bizmail, baseUrl: 'https://a:b@mail.example' }, 'baseUrl'],
    ['a query in the base URL', { ...bizmail, baseUrl: 'https://mail.example?x=1' }, 'baseUrl'],
    ['a base URL of another type', { ...bizmail, baseUrl: {} }, 'baseUrl'],
    ['a base URL of 1 MB', { ...bizmail, baseUrl: `https://mail.example/${'a'.repeat(1e6)}` }, 'baseUrl'],
    ['no partner code where it is required', without(tconnect, 'partnerCode'), 'partnerCode'],
    ['an empty partner code where it is required', { ...tconnect, partnerCode: '' }, 'partnerCode'],
    ['a partner code with a line break', { ...tconnect, partnerCode: 'a\r\nCookie: x' }, 'partnerCode'],
    ['a partner code beyond ASCII', { ...tconnect, partnerCode: 'mã' }, 'partnerCode'],
    ['a partner code of another type', { ...tconnect, partnerCode: 12 }, 'partnerCode'],
    ['no cipher where it is required', without(tconnect, 'cipher'), 'cipher'],
    ['a cipher of another type', { ...tconnect, cipher: 'aes' }, 'cipher'],
    ['a list as cipher', { ...tconnect, cipher: [] }, 'cipher'],
    ['no IV rule', { ...tconnect, cipher: { keyFormat: 'hex' } }, 'cipher.iv'],
    ['an IV rule of another type', withIv('fixed'), 'cipher.iv'],
    ['an unknown IV rule', withIv({ from: 'thin air' }), 'cipher.iv.from'],
    ['an unknown IV format', withIv({ from: 'fixed', format: 'rot13' }), 'cipher.iv.format'],
    ['an unknown key format', { ...tconnect, cipher: { ...tconnect.cipher, keyFormat: 'rot13' } }, 'cipher.keyFormat'],
    ['an unknown output format', { ...tconnect, cipher: { ...tconnect.cipher, output: 'rot13' } }, 'cipher.output'],
    ['the key itself', { ...tconnect, cipher: { ...tconnect.cipher, key: 'a'.repeat(32) } }, 'cipher.key'],
    ['the IV itself', withIv({ from: 'fixed', value: 'a'.repeat(16) }), 'cipher.iv.value'],
    ['an unknown body form', { ...bizmail, bodyForm: 'xml' }, 'bodyForm'],
    ['a body form where payloads are encrypted', { ...tconnect, bodyForm: 'json' }, 'bodyForm'],
    ['response settings of another type', { ...bizmail, response: 'data' }, 'response'],
    ['an unknown response setting', { ...bizmail, response: { where: 'data' } }, 'response.where'],
    ['a response path that is not valid', { ...bizmail, response: { tokensIn: '' } }, 'response'],
    ['an encrypted response without a cipher', { ...bizmail, response: { encryptedIn: 'data' } }, 'cipher'],
    ['extra fields of another type', { ...bizmail, extraFields: [] }, 'extraFields'],
    ['extra fields of an unknown call', { ...bizmail, extraFields: { logout: {} } }, 'extraFields.logout'],
    [
      'extra fields that its body cannot carry',
      { ...bizmail, bodyForm: 'multipart', extraFields: { login: { a: null } } },
      'extraFields.login.a',
    ],
    [
      'an extra field that the definition sets',
      { ...bizmail, extraFields: { refresh: { refresh_token: 'x' } } },
      'extraFields.refresh.refresh_token',
    ],
    ['extra fields of a call of another type', { ...bizmail, extraFields: { login: 'x' } }, 'extraFields.login'],
    ['a CA file of another type', { ...bizmail, caFile: true }, 'caFile'],
    ['a CA file without a name', { ...bizmail, caFile: '' }, 'caFile'],
    ['a password in the profile', { ...bizmail, password: 'x' }, 'password'],
    ['an unknown field named like a property of objects', { ...bizmail, constructor: 'x' }, 'constructor'],
  ];

  for (const [what, profile, field] of invalidProfiles) {
    it(`names the field for ${what}, and keeps the other profiles`, () => {
      const { profiles, problems } = parse([profile, { ...bizmail, id: 'other', label: 'Other' }]);
      assert.deepEqual(
        problems.map((problem) => problem.field),
        [field],
      );
      assert.match(problems[0]?.message ?? '', /^(?:is|must|has) .*[^.]$/);
      assert.deepEqual(
        profiles.map(({ id }) => id),
        ['other'],
      );
    });
  }

  it('states the new name of a renamed field', () => {
    const { cipher } = tconnect;
    const rows = [
      [{ ...bizmail, answer: { tokensIn: 'data' } }, 'answer', 'response'],
      [{ ...tconnect, cipher: { ...cipher, prefix: '@' } }, 'cipher.prefix', 'ciphertextPrefix'],
    ] as const;
    for (const [profile, field, now] of rows) {
      const [problem] = parse([profile]).problems;
      assert.deepEqual([problem?.field, problem?.message, problem?.values], [field, 'was renamed to "{0}"', [now]]);
    }
  });

  it('quotes no value, because it may be a misplaced secret', () => {
    const secret = 'correct horse battery staple';
    for (const name of ['id', 'partner', 'baseUrl', 'partnerCode', 'bodyForm', 'password', 'cipher', 'response']) {
      const { problems } = parse([{ ...bizmail, [name]: name === 'partnerCode' ? ` ${secret}` : secret }]);
      assert.equal(problems.length, 1, name);
      assert.ok(!JSON.stringify(problems).includes(secret), name);
    }
  });

  it('names the profile by its label, id or position', () => {
    const { problems } = parse([{ label: 'Mailer', id: 'mail' }, { id: 'mail' }, {}, { label: 'a\nb' }]);
    assert.deepEqual(
      problems.map(({ name }) => name),
      ['Mailer', 'mail', '#3', '#4'],
    );
  });

  it('is reported for a duplicate id, and the first profile is kept', () => {
    const { profiles, problems } = parse([bizmail, { ...tconnect, id: 'mail' }]);
    assert.deepEqual(
      profiles.map(({ label }) => label),
      ['Mailer'],
    );
    assert.deepEqual(problems, [
      { name: 'ACME', of: 'profile', field: 'id', message: 'is used by another profile', values: [] },
    ]);
  });

  it('does not reserve the id of its profile', () => {
    const { profiles } = parse([{ ...bizmail, baseUrl: 'nowhere' }, bizmail]);
    assert.equal(profiles.length, 1);
  });
});

describe('2,000 profiles', () => {
  it('are parsed within 5 seconds of processor time', () => {
    const many = Array.from({ length: 2000 }, (_, index) => ({ ...tconnect, id: `p${index % 1900}` }));
    const start = process.cpuUsage();
    const { profiles, problems } = parse(many);
    assert.deepEqual([profiles.length, problems.length], [1900, 100]);
    assert.ok(process.cpuUsage(start).user < 5_000_000);
  });
});

describe('cipherOf', () => {
  it('adds key and fixed IV to the cipher settings of a profile', () => {
    const [profile] = parse([tconnect]).profiles;
    assert.deepEqual(profile && cipherOf(profile, 'key', 'iv'), {
      key: 'key',
      keyFormat: 'hex',
      iv: { from: 'fixed', format: 'hex', value: 'iv' },
      output: 'hex',
    });
  });

  it('returns undefined for a profile without cipher settings', () =>
    assert.equal(cipherOf({}, 'key', 'iv'), undefined));
});
