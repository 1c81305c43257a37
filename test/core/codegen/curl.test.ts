import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { createCipher, partners } from '../../../core/index.ts';
import { curlCommand, type GeneratedCall } from '../../../core/codegen/index.ts';

const base: GeneratedCall = {
  connection: { partner: 'cloudreve', baseUrl: 'https://drive.example' },
  accessToken: 'TOKEN',
  cipher: undefined,
  call: { method: 'GET', path: '/api' },
};

/** The arguments that a POSIX shell passes to `curl`, here a shell function that prints them. */
async function argumentsOf(call: GeneratedCall): Promise<string[]> {
  const script = `curl() { for argument in "$@"; do printf '%s\\0' "$argument"; done; }\n${await curlCommand(call)}`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

const valuesOf = (list: readonly string[], option: string): string[] =>
  list.flatMap((argument, index) => (list[index - 1] === option ? [argument] : []));
const onPosix = { skip: process.platform === 'win32' && 'requires a POSIX shell' };

describe('a cURL command', () => {
  it('is one call with the access token in its header', onPosix, async () => {
    assert.deepEqual(await argumentsOf(base), [
      '--request',
      'GET',
      'https://drive.example/api',
      '--header',
      'Authorization: Bearer TOKEN',
    ]);
  });

  it('joins base URL and path with one slash', onPosix, async () => {
    const connection = { ...base.connection, baseUrl: 'https://drive.example/base//' };
    assert.equal((await argumentsOf({ ...base, connection }))[2], 'https://drive.example/base/api');
  });

  const hostile = ["it's", "'; rm -rf / #", '$(id)', '`id`', '$HOME', 'a\\', '"', 'a\nb', '!!', '*', 'Xin chào'];
  for (const text of hostile) {
    it(`quotes ${JSON.stringify(text)} for the shell`, onPosix, async () => {
      const payload = { text };
      const partner = { ...partners.bizmail, requestBody: { form: 'json' } as const };
      const list = await argumentsOf({
        connection: { partner, baseUrl: 'https://mail.example' },
        accessToken: text,
        cipher: undefined,
        call: { method: 'GET', path: '/api', payload },
      });
      assert.ok(valuesOf(list, '--header').includes(`Authorization: Bearer ${text}`));
      assert.deepEqual(JSON.parse(valuesOf(list, '--data')[0] ?? ''), payload);
      assert.equal(list.length, 9);
    });
  }

  it('sends an encrypted payload that decrypts to the example payload', onPosix, async () => {
    const { example } = partners.tconnect;
    assert.ok(example !== undefined);
    const cipher = createCipher({ key: '0123456789abcdef0123456789abcdef', iv: { from: 'prefix' } });
    const connection = { partner: 'tconnect', baseUrl: 'https://pay.example', partnerCode: "AC'ME" } as const;
    const list = await argumentsOf({ connection, accessToken: 'TOKEN', cipher, call: example });
    const body = JSON.parse(valuesOf(list, '--data')[0] ?? '') as { data: string };
    assert.deepEqual(JSON.parse(cipher.decrypt(body.data)), example.payload);
    assert.deepEqual(valuesOf(list, '--header'), [
      "Partner-Code: AC'ME",
      'Content-Type: application/json',
      'Authorization: Bearer TOKEN',
    ]);
    assert.ok(!list.join(' ').includes('from_date'));
  });

  it('sends multipart fields as strings, never as files', onPosix, async () => {
    const payload = { to: '@/etc/passwd', subject: '<secret', list: [1, { a: 2 }] };
    const connection = { partner: 'bizmail', baseUrl: 'https://mail.example' } as const;
    const call = { method: 'POST', path: '/api', payload } as const;
    const list = await argumentsOf({ ...base, connection, call });
    assert.deepEqual(valuesOf(list, '--form-string'), ['to=@/etc/passwd', 'subject=<secret', 'list=1', 'list={"a":2}']);
    assert.equal(valuesOf(list, '--header').length, 1);
  });
});
