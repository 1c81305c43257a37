import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { createCipher, partners } from '../../../core/index.ts';
import type { ProfileStatus } from '../../../extension/model/profile-status.ts';
import { curlCommand, type CurlInput } from '../../../extension/view/curl.ts';
import { tokenDocument } from '../../../extension/view/token-document.ts';
import { english } from '../../helpers/fake-app.ts';

const base: CurlInput = {
  definition: partners.cloudreve,
  baseUrl: 'https://drive.example',
  partnerCode: undefined,
  accessToken: 'TOKEN',
  cipher: undefined,
  example: { method: 'GET', path: '/api', safe: true },
};

/** What a POSIX shell makes of the command: its words, with `curl` replaced by a program that prints them. */
function words(command: string): string[] {
  const script = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }\n${command}`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

const after = (list: readonly string[], option: string): string[] =>
  list.flatMap((word, index) => (list[index - 1] === option ? [word] : []));
const onPosix = { skip: process.platform === 'win32' && 'needs a POSIX shell' };

describe('a cURL command', () => {
  it('is one call with the token in its header', onPosix, () => {
    assert.deepEqual(words(curlCommand(base)), [
      '--request',
      'GET',
      'https://drive.example/api',
      '--header',
      'Authorization: Bearer TOKEN',
    ]);
  });

  it('joins address and path with one slash', onPosix, () =>
    assert.equal(
      words(curlCommand({ ...base, baseUrl: 'https://drive.example/base//' }))[2],
      'https://drive.example/base/api',
    ),
  );

  const hostile = ["it's", "'; rm -rf / #", '$(id)', '`id`', '$HOME', 'a\\', '"', 'a\nb', '!!', '*', 'Xin chào'];
  for (const text of hostile) {
    it(`keeps ${JSON.stringify(text)} as it is in the shell`, onPosix, () => {
      const payload = { text };
      const definition = { ...partners.bizmail, requestBody: { form: 'json' } as const };
      const list = words(
        curlCommand({ ...base, definition, accessToken: text, example: { ...base.example, payload } }),
      );
      assert.deepEqual(after(list, '--header')[0], `Authorization: Bearer ${text}`);
      assert.deepEqual(JSON.parse(after(list, '--data')[0] ?? ''), payload);
      assert.equal(list.length, 9);
    });
  }

  it('sends an encrypted payload that decrypts to the example again', onPosix, () => {
    const { example } = partners.tconnect;
    assert.ok(example !== undefined);
    const cipher = createCipher({ key: '0123456789abcdef0123456789abcdef', iv: { from: 'prefix' } });
    const command = curlCommand({ ...base, definition: partners.tconnect, partnerCode: "AC'ME", cipher, example });
    const list = words(command);
    const body = JSON.parse(after(list, '--data')[0] ?? '') as { data: string };
    assert.deepEqual(JSON.parse(cipher.decrypt(body.data)), example.payload);
    assert.deepEqual(after(list, '--header'), [
      "Partner-Code: AC'ME",
      'Authorization: Bearer TOKEN',
      'Content-Type: application/json',
    ]);
    assert.ok(!command.includes('from_date'));
  });

  it('sends multipart fields as texts, never as files', onPosix, () => {
    const payload = { to: '@/etc/passwd', subject: '<secret', list: [1, 2] };
    const list = words(curlCommand({ ...base, definition: partners.bizmail, example: { ...base.example, payload } }));
    assert.deepEqual(after(list, '--form-string'), ['to=@/etc/passwd', 'subject=<secret', 'list=[1,2]']);
    assert.equal(after(list, '--header').length, 1);
  });
});

describe('the document of a token', () => {
  const status: ProfileStatus = {
    phase: 'valid',
    refreshing: false,
    storage: 'kept',
    issuedAt: Date.UTC(2026, 0, 1),
    accessExpiresAt: Date.UTC(2026, 0, 1, 10),
  };
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signature = 'c2lnbmF0dXJlLW9mLXRoZS10b2tlbg';
  const jwt = `${part({ alg: 'HS256' })}.${part({ sub: 'ann', exp: 1_767_225_600, iat: 'odd' })}.${signature}`;
  const of = (token: string, now: ProfileStatus = status): Record<string, unknown> =>
    JSON.parse(tokenDocument(token, now, english)) as Record<string, unknown>;

  it('shows header, claims and their times', () => {
    const document = of(jwt);
    assert.deepEqual(document.header, { alg: 'HS256' });
    assert.deepEqual(document.claims, { sub: 'ann', exp: 1_767_225_600, iat: 'odd' });
    assert.deepEqual(document.claimTimes, { exp: '2026-01-01T00:00:00.000Z' });
    assert.equal(document.format, 'JWT');
  });

  it('says that nothing was verified', () => assert.match(String(of(jwt).note), /Nothing here was verified/));

  it('holds no part of the token', () => {
    const text = tokenDocument(jwt, status, english);
    for (const piece of jwt.split('.')) assert.ok(!text.includes(piece));
  });

  it('shows the lifetimes, and no moment that is not known', () => {
    assert.deepEqual(of(jwt).lifetimes, {
      issuedAt: '2026-01-01T00:00:00.000Z',
      accessTokenExpiresAt: '2026-01-01T10:00:00.000Z',
    });
  });

  for (const odd of ['opaque-token', 'a.b.c', '', `${'x'.repeat(70_000)}.y.z`]) {
    it(`says that a token is no JWT: ${JSON.stringify(odd.slice(0, 20))}`, () => {
      const document = of(odd);
      assert.match(String(document.format), /not a JWT/);
      assert.equal(document.claims, undefined);
      assert.ok(odd === '' || !JSON.stringify(document).includes(odd));
    });
  }

  for (const exp of [1e300, -1e300, 8.64e12 + 1, 1e15]) {
    it(`stands a time of ${exp} in a claim`, () => {
      const token = `${part({ alg: 'none' })}.${part({ exp })}.${signature}`;
      assert.deepEqual(of(token).claims, { exp });
    });
  }

  it('stands claims named like properties of objects', () => {
    const token = `${part({})}.${Buffer.from('{"__proto__":{"a":1},"constructor":"x"}').toString('base64url')}.${signature}`;
    assert.match(tokenDocument(token, status, english), /"constructor": "x"/);
  });
});
