import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PartnerAuthError, partners, type PartnerAuthErrorCode } from '../../../core/index.ts';
import { parseProfiles, type CheckedProfile } from '../../../core/profiles/profile.ts';
import { profileFrom, profileSteps, sandboxChoice } from '../../../extension/model/profile-steps.ts';
import {
  credentialsOf,
  otherAccount,
  restartAfter,
  signInProblem,
  signInSteps,
  type KnownValues,
} from '../../../extension/model/sign-in-steps.ts';
import { describeInput, pressed, runWizard, type Answers, type Step } from '../../../extension/model/wizard.ts';
import { english } from '../../helpers/fake-app.ts';

const utf8Key = '0123456789abcdef0123456789abcdef';
const hexKey = Buffer.from(utf8Key).toString('hex');
const base64Key = Buffer.from(utf8Key).toString('base64');

/** Runs the wizard for a new profile with answers by step id. Every answer must pass its validation. */
async function runProfileWizard(given: Answers): Promise<{ ids: string[]; answers: Answers }> {
  const ids: string[] = [];
  const answers = await runWizard(
    'Add Profile',
    (known) => profileSteps(known, partners, english),
    async (step) => {
      ids.push(step.id);
      const value = given[step.id] ?? step.value ?? '';
      assert.equal(step.kind === 'input' ? step.validate?.(value) : undefined, undefined, step.id);
      if (step.kind === 'pick')
        assert.ok(
          step.items.some((item) => item.value === value),
          `${step.id}: ${value}`,
        );
      return { value };
    },
  );
  assert.ok(answers !== undefined);
  return { ids, answers };
}

const step = (given: Answers, id: string): Step => {
  const found = profileSteps(given, partners, english).find((candidate) => candidate.id === id);
  assert.ok(found !== undefined, id);
  return found;
};
const problem = (given: Answers, id: string, value: string): string | undefined => {
  const found = step(given, id);
  return found.kind === 'input' ? found.validate?.(value) : undefined;
};

describe('profileSteps', () => {
  const paths: readonly (readonly [what: string, given: Answers, ids: string])[] = [
    ['the sandbox', { partner: sandboxChoice }, 'partner'],
    ['BizMail at a known server', { partner: 'bizmail', url: 'https://smtp-api.bizfly.vn' }, 'partner url label'],
    [
      'BizMail at another URL',
      { partner: 'bizmail', url: 'other', baseUrl: 'https://mail.example' },
      'partner url baseUrl label',
    ],
    ['Cloudreve', { partner: 'cloudreve', baseUrl: 'https://drive.example' }, 'partner baseUrl label'],
    [
      'TCONNECT with a random IV',
      {
        partner: 'tconnect',
        url: 'https://sme-open-api-sandbox.tconnect.vn',
        partnerCode: 'P',
        keyFormat: 'utf8',
        key: utf8Key,
        iv: 'prefix',
      },
      'partner url partnerCode keyFormat key iv label',
    ],
    [
      'TCONNECT with a fixed IV',
      {
        partner: 'tconnect',
        url: 'other',
        baseUrl: 'http://localhost:8080',
        partnerCode: 'P',
        keyFormat: 'hex',
        key: hexKey,
        iv: 'fixed hex',
        ivValue: '00'.repeat(16),
      },
      'partner url baseUrl partnerCode keyFormat key iv ivValue label',
    ],
    [
      'TCONNECT with a base64 key',
      {
        partner: 'tconnect',
        url: 'https://sme-open-api-sandbox.tconnect.vn',
        partnerCode: 'P',
        keyFormat: 'base64',
        key: base64Key,
        iv: 'fixed base64',
        ivValue: 'AAAAAAAAAAAAAAAAAAAAAA==',
      },
      'partner url partnerCode keyFormat key iv ivValue label',
    ],
  ];

  for (const [what, given, expected] of paths) {
    it(`returns "${expected}" for ${what}`, async () => {
      const { ids, answers } = await runProfileWizard(given);
      assert.equal(ids.join(' '), expected);
      if (given.partner === sandboxChoice) return;
      const { profile, key, iv } = profileFrom(answers, partners, []);
      const { profiles, problems } = parseProfiles([profile]);
      assert.deepEqual(problems, []);
      assert.equal(profiles[0]?.baseUrl, given.baseUrl ?? given.url);
      assert.deepEqual([key, iv], [given.key, given.ivValue]);
      const text = JSON.stringify(profile);
      for (const secret of [given.key, given.ivValue]) assert.ok(secret === undefined || !text.includes(secret));
    });
  }

  it('returns unique ids, and masks secrets', () => {
    const given = { partner: 'tconnect', url: 'other', iv: 'fixed utf8' };
    const list = profileSteps(given, partners, english);
    assert.equal(new Set(list.map(({ id }) => id)).size, list.length);
    const masked = list.filter((one) => one.kind === 'input' && one.secret === true).map(({ id }) => id);
    assert.deepEqual(masked, ['key', 'ivValue']);
  });

  it('drops a URL and an IV that later answers made obsolete', () => {
    const { profile, iv } = profileFrom(
      { partner: 'bizmail', url: 'https://smtp-api.bizfly.vn', baseUrl: 'https://old.example', label: 'Mail' },
      partners,
      [],
    );
    assert.equal(profile.baseUrl, 'https://smtp-api.bizfly.vn');
    assert.equal(iv, undefined);
    const random = profileFrom(
      { partner: 'tconnect', url: 'https://a.example', iv: 'prefix', ivValue: 'old', label: 'A' },
      partners,
      [],
    );
    assert.equal(random.iv, undefined);
  });

  const invalid: readonly (readonly [Answers, string, string])[] = [
    [{ partner: 'cloudreve' }, 'baseUrl', 'http://drive.example'],
    [{ partner: 'cloudreve' }, 'baseUrl', 'drive.example'],
    [{ partner: 'cloudreve' }, 'baseUrl', 'https://a:b@drive.example'],
    [{ partner: 'cloudreve' }, 'baseUrl', ''],
    [{ partner: 'tconnect' }, 'partnerCode', ''],
    [{ partner: 'tconnect' }, 'partnerCode', ' P'],
    [{ partner: 'tconnect' }, 'partnerCode', 'mã'],
    [{ partner: 'tconnect', keyFormat: 'utf8' }, 'key', 'short'],
    [{ partner: 'tconnect', keyFormat: 'hex' }, 'key', utf8Key],
    [{ partner: 'tconnect', keyFormat: 'hex' }, 'key', 'zz'.repeat(32)],
    [{ partner: 'tconnect', keyFormat: 'base64' }, 'key', hexKey],
    [{ partner: 'tconnect', key: utf8Key, iv: 'fixed hex' }, 'ivValue', '00'],
    [{ partner: 'tconnect', key: utf8Key, iv: 'fixed utf8' }, 'ivValue', '00'.repeat(16)],
    [{ partner: 'bizmail' }, 'label', '   '],
    [{ partner: 'bizmail' }, 'label', 'a'.repeat(81)],
    [{ partner: 'bizmail' }, 'label', 'a\u202eb'],
  ];
  for (const [given, id, value] of invalid) {
    it(`rejects ${JSON.stringify(value)} as ${id}${given.keyFormat === undefined ? '' : ` (${given.keyFormat})`}`, () =>
      assert.match(problem(given, id, value) ?? '', /\.$/));
  }

  for (const label of ['👩‍💻 dev', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'می‌خواهم', 'ක්‍රියා', '👍'.repeat(80)]) {
    it(`accepts the name ${label}, as the settings do`, () => {
      assert.equal(problem({ partner: 'bizmail' }, 'label', label), undefined);
    });
  }

  it('names the character that cannot be in a name or a partner code', () => {
    assert.equal(
      problem({ partner: 'bizmail' }, 'label', 'a\u202eb'),
      'At position 2 there is invisible character U+202E.',
    );
    assert.match(problem({ partner: 'tconnect' }, 'partnerCode', 'mã') ?? '', /At position 2 there is "ã"\.$/);
  });

  it('derives a readable, unique id from the name', () => {
    const id = (label: string, taken: readonly string[] = []): string =>
      profileFrom({ partner: 'bizmail', url: 'https://a.example', label }, partners, taken).profile.id;
    assert.equal(id('  ACME Pay (prod) '), 'acme-pay-prod');
    assert.equal(id('Đối tác'), 'doi-tac');
    assert.equal(id('支付'), 'profile');
    assert.equal(id('ACME', ['acme', 'acme-2']), 'acme-3');
    assert.equal(id('a'.repeat(80)).length, 48);
  });
});

const [pay, fixed, mail, drive] = parseProfiles([
  {
    id: 'a',
    label: 'Pay',
    partner: 'tconnect',
    baseUrl: 'https://a.example',
    partnerCode: 'P',
    cipher: { iv: { from: 'prefix' } },
  },
  {
    id: 'b',
    label: 'Fixed',
    partner: 'tconnect',
    baseUrl: 'https://a.example',
    partnerCode: 'P',
    cipher: { iv: { from: 'fixed' } },
  },
  { id: 'c', label: 'Mail', partner: 'bizmail', baseUrl: 'https://b.example' },
  { id: 'd', label: 'Drive', partner: 'cloudreve', baseUrl: 'https://c.example' },
]).profiles as readonly [CheckedProfile, CheckedProfile, CheckedProfile, CheckedProfile];
const noValues: KnownValues = { key: undefined, iv: undefined, credentials: {}, remember: false };

describe('signInSteps', () => {
  const rows: readonly (readonly [CheckedProfile, Partial<KnownValues>, string])[] = [
    [pay, {}, 'key username password client_id client_secret remember'],
    [fixed, {}, 'key iv username password client_id client_secret remember'],
    [fixed, { key: utf8Key }, 'iv username password client_id client_secret remember'],
    [pay, { key: utf8Key, credentials: { username: 'a', client_id: 'b', client_secret: 'c' } }, 'password remember'],
    [mail, {}, 'username password remember'],
    [drive, {}, 'email password remember'],
    [drive, { credentials: { email: 'a', password: 'b' } }, ''],
  ];
  for (const [profile, known, expected] of rows) {
    it(`returns "${expected}" for ${profile.label} with stored values ${Object.keys(known).join(', ') || 'none'}`, () => {
      const list = signInSteps(profile, { ...noValues, ...known }, {}, english);
      assert.equal(list.map(({ id }) => id).join(' '), expected);
    });
  }

  it('masks the secrets of the partner definition', () => {
    const masked = signInSteps(pay, noValues, {}, english).filter((one) => one.kind === 'input' && one.secret === true);
    assert.deepEqual(
      masked.map(({ id }) => id),
      ['key', 'password', 'client_secret'],
    );
  });

  it('does not remember the password by default', () => {
    const remember = signInSteps(mail, noValues, {}, english).at(-1);
    assert.equal(remember?.value, 'no');
  });

  it('tidies user names, ids and issued secrets, and leaves a password as it is', () => {
    const list = [...signInSteps(pay, noValues, {}, english), ...signInSteps(drive, noValues, {}, english)];
    for (const one of list) {
      if (one.kind !== 'input' || one.id === 'key') continue;
      const { value, note, problem } = describeInput(
        one,
        one.id === 'email' ? ' v\u200bx@example.com\n' : ' v\u200bx\n',
      );
      assert.equal(value, one.id === 'password' ? ' v\u200bx\n' : one.id === 'email' ? 'vx@example.com' : 'vx', one.id);
      assert.match(note ?? '', one.id === 'password' ? /^This is used exactly as entered/ : /^Left out/);
      assert.equal(problem, undefined);
    }
  });

  it('names the place of a character that cannot be in a key, and not the character', () => {
    const hexKeys = { ...pay, cipher: { keyFormat: 'hex', iv: { from: 'prefix' } } } as const;
    const keyOf = signInSteps(hexKeys, noValues, {}, english)[0];
    assert.ok(keyOf?.kind === 'input');
    assert.equal(
      keyOf.validate?.(`${hexKey.slice(0, 9)}z${hexKey.slice(10)}`),
      'Enter a key of 32 bytes as hex digits. The character at position 10 does not belong to it.',
    );
    assert.deepEqual(describeInput(keyOf, `0x${hexKey} `).value, hexKey);
  });

  it('offers the last choice about the password first', () => {
    const remember = signInSteps(mail, { ...noValues, remember: true }, {}, english).at(-1);
    assert.equal(remember?.value, 'yes');
  });

  it('shows the stored account where a secret is asked, and offers to change it', () => {
    const known = { ...noValues, credentials: { email: 'ann@example.com' } };
    const [first] = signInSteps(drive, known, {}, english);
    assert.equal(first?.prompt, 'Password for Cloudreve (ann@example.com)');
    assert.deepEqual(first.kind === 'input' && first.buttons?.map(({ id, label }) => [id, label]), [
      [otherAccount, 'Use Another Account'],
    ]);
  });

  it('shows the account that was typed in the steps after it', () => {
    const list = signInSteps(drive, noValues, { email: 'bob@example.com' }, english);
    assert.deepEqual(
      list.map(({ prompt }) => prompt),
      ['Email for Cloudreve', 'Password for Cloudreve (bob@example.com)', 'Remember the password?'],
    );
    assert.ok(list.every((one) => one.kind === 'pick' || one.buttons === undefined));
  });

  it('shows no account if the definition does not say which field it is', () => {
    const [first, ...others] = drive.definition.credentials;
    assert.ok(first !== undefined);
    const { account: _, ...unmarked } = first;
    const profile = { ...drive, definition: { ...drive.definition, credentials: [unmarked, ...others] } };
    const [step] = signInSteps(profile, { ...noValues, credentials: { email: 'ann@example.com' } }, {}, english);
    assert.equal(step?.prompt, 'Password for Cloudreve');
  });

  it('asks for another account and its secrets, but not for those of the program', () => {
    const credentials = { username: 'ann', password: 'p', client_id: 'i', client_secret: 's' };
    const list = signInSteps(pay, { ...noValues, key: utf8Key, credentials }, { [otherAccount]: pressed }, english);
    assert.deepEqual(
      list.map(({ id, value }) => [id, value]),
      [
        ['username', 'ann'],
        ['password', undefined],
        ['remember', 'no'],
      ],
    );
  });

  for (const [value, isAddress] of [
    ['ann@example.com', true],
    [' ann@example.com ', true],
    ['ann@localhost', true],
    ['thư@ví-dụ.vn', true],
    ['ann', false],
    ['ann@', false],
    ['@example.com', false],
    ['ann@example.com bob@example.com', false],
    ['a@b@c', false],
  ] as const) {
    it(`${isAddress ? 'accepts' : 'refuses'} the email "${value}"`, () => {
      const [email] = signInSteps(drive, noValues, {}, english);
      const message = email?.kind === 'input' ? email.validate?.(value) : 'no step';
      assert.equal(
        message,
        isAddress ? undefined : 'This is not an email address. Enter one such as name@example.com.',
      );
    });
  }

  it('checks an email in a field of any name that is declared as one, and in no field that is not', () => {
    const accepts = (field: { name: string; format?: 'email' | 'text' }): boolean => {
      const definition = { ...drive.definition, credentials: [{ label: 'Account', ...field }] };
      const [one] = signInSteps({ ...drive, definition }, noValues, {}, english);
      return one?.kind === 'input' && one.validate?.('ann') === undefined;
    };
    assert.equal(accepts({ name: 'login', format: 'email' }), false);
    assert.equal(accepts({ name: 'email', format: 'text' }), true);
    assert.equal(accepts({ name: 'username' }), true);
  });

  it('rejects empty fields', () => {
    for (const one of signInSteps(pay, noValues, {}, english)) {
      if (one.kind === 'input') assert.ok(one.validate?.('') !== undefined, one.id);
    }
  });

  it('yields exactly the credentials of the partner definition', () => {
    const known = { ...noValues, credentials: { username: 'ann', stray: 'x' } };
    const answers = { key: 'k', password: 'p', remember: 'no', client_id: 'i', client_secret: 's' };
    assert.deepEqual(credentialsOf(pay, known, answers), {
      username: 'ann',
      password: 'p',
      client_id: 'i',
      client_secret: 's',
    });
  });
});

describe('restartAfter', () => {
  const rows: readonly (readonly [CheckedProfile, PartnerAuthErrorCode, string | undefined, string | undefined])[] = [
    [pay, 'invalidCredentials', undefined, 'password'],
    [mail, 'invalidCredentials', undefined, 'password'],
    [drive, 'configuration', 'credentials', 'email'],
    [drive, 'configuration', 'password', 'password'],
    [pay, 'configuration', 'client_id', 'client_id'],
    [pay, 'configuration', 'cipher.key', 'key'],
    [pay, 'partnerRefused', 'cipher', 'key'],
    [pay, 'cipher', 'cipher', 'key'],
    [mail, 'cipher', undefined, undefined],
    [pay, 'partnerRefused', 'partnerCode', undefined],
    [pay, 'network', undefined, undefined],
    [pay, 'accountUnavailable', undefined, undefined],
    [pay, 'configuration', 'caFile', undefined],
  ];
  for (const [profile, code, setting, at] of rows) {
    it(`restarts ${profile.label} at ${at ?? 'no step'} for ${code}${setting === undefined ? '' : ` (${setting})`}`, () => {
      assert.equal(restartAfter(profile, new PartnerAuthError(code, 'x', { setting }))?.at, at);
    });
  }

  const answers = { key: 'k', username: 'ann', password: 'p', client_id: 'i', client_secret: 's' };

  it('keeps all answers except the secret that was refused', () => {
    const restart = restartAfter(pay, new PartnerAuthError('invalidCredentials', 'x'));
    const credentials = { username: 'ann', password: 'old', client_secret: 's' };
    const known = { key: 'k', iv: undefined, credentials, remember: true };
    const { password: _, ...others } = credentials;
    assert.deepEqual(restart?.keep({ client_id: 'i', password: 'p' }, known), { ...others, client_id: 'i' });
    assert.deepEqual(restart.forget(known), { ...known, credentials: {} });
  });

  it('keeps a refused value that is no secret, to be corrected', () => {
    const restart = restartAfter(drive, new PartnerAuthError('configuration', 'x', { setting: 'email' }));
    assert.deepEqual(restart?.keep({ email: 'ann@', password: 'p' }, noValues), { email: 'ann@', password: 'p' });
  });

  it('asks for the key and the IV again when they may be wrong', () => {
    const restart = restartAfter(pay, new PartnerAuthError('cipher', 'x'));
    const known = { key: 'k', iv: 'i', credentials: { username: 'ann' }, remember: false };
    const { key, ...rest } = answers;
    assert.equal(key, 'k');
    assert.deepEqual(restart?.keep(answers, known), rest);
    assert.deepEqual(restart.forget(known), { ...known, key: undefined, iv: undefined });
  });
});

describe('signInProblem', () => {
  const problem = (code: PartnerAuthErrorCode, details: { setting?: string; status?: number }, wasRemembered = false) =>
    signInProblem(drive, new PartnerAuthError(code, 'x', details), wasRemembered, english);

  for (const [what, actual, expected] of [
    ['a typed password', problem('invalidCredentials', {}), 'Drive rejected the credentials.'],
    [
      'a remembered password',
      problem('invalidCredentials', {}, true),
      'Drive no longer accepts the remembered password.',
    ],
    [
      'a field that the partner names',
      problem('configuration', { setting: 'password', status: 200 }),
      'Drive did not accept the form of this field.',
    ],
    [
      'a field that the partner does not name',
      problem('configuration', { setting: 'credentials', status: 200 }),
      'Drive did not accept the form of a login field. Check each of them.',
    ],
    [
      'a stored key that does not fit',
      problem('configuration', { setting: 'cipher.key' }),
      'The key or IV does not fit the cipher settings of Drive.',
    ],
  ] as const) {
    it(`says what is wrong with ${what}, and not to sign in, which the user is doing`, () => {
      assert.equal(actual, expected);
      assert.doesNotMatch(actual, /sign in/i);
    });
  }
});
