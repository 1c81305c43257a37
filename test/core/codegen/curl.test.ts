import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCipher, partners } from '../../../core/index.ts';
import { curlCommand, defaultShell, type GeneratedCall } from '../../../core/codegen/index.ts';
import { notOnWindows } from '../../helpers/platform.ts';
import { readCommand, runPosix } from '../../helpers/shells.ts';

const base: GeneratedCall = {
  connection: { partner: 'cloudreve', baseUrl: 'https://drive.example' },
  accessToken: 'TOKEN',
  cipher: undefined,
  call: { method: 'GET', path: '/api' },
};

/** The arguments that a real POSIX shell passes to `curl`. */
const argumentsOf = async (call: GeneratedCall): Promise<string[]> => runPosix(await curlCommand(call, 'posix'));

const valuesOf = (list: readonly string[], option: string): string[] =>
  list.flatMap((argument, index) => (list[index - 1] === option ? [argument] : []));
const onPosix = notOnWindows('Windows has no sh');

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

  it('has the URL that is sent, whatever the base URL and the path contain', onPosix, async () => {
    const connection = { ...base.connection, baseUrl: ' HTTPS://Drive.Example/base ' };
    const call = { method: 'GET', path: '/tệp tin?q=a b' } as const;
    const expected = 'https://drive.example/base/t%E1%BB%87p%20tin?q=a%20b';
    assert.equal((await argumentsOf({ ...base, connection, call }))[2], expected);
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

  for (const shell of ['posix', 'powershell', 'cmd'] as const) {
    const read = async (call: GeneratedCall): Promise<string[]> => readCommand[shell](await curlCommand(call, shell));

    it(`has the same method, address, headers and payload in ${shell}`, async () => {
      for (const text of [...hostile, '%PATH%', '100% & more']) {
        const payload = { text, 'a%b!': [text] };
        const partner = { ...partners.bizmail, requestBody: { form: 'json' } as const };
        const list = await read({
          connection: { partner, baseUrl: 'https://mail.example' },
          accessToken: text,
          cipher: undefined,
          call: { method: 'POST', path: '/api?a=%20&b[]=1', payload },
        });
        assert.deepEqual(list.slice(0, 2), ['--request', 'POST']);
        assert.ok(list.includes('https://mail.example/api?a=%20&b[]=1'));
        assert.ok(list.includes('--globoff'));
        assert.ok(valuesOf(list, '--header').includes(`Authorization: Bearer ${text}`));
        assert.deepEqual(JSON.parse(valuesOf(list, '--data')[0] ?? ''), payload);
      }
    });

    it(`has the multipart fields in ${shell}`, async () => {
      const payload = { to: '@file', subject: 'Xin "chào"', body: 'a\nb' };
      const connection = { partner: 'bizmail', baseUrl: 'https://mail.example' } as const;
      const list = await read({ ...base, connection, call: { method: 'POST', path: '/api', payload } });
      assert.deepEqual(valuesOf(list, '--form-string'), ['to=@file', 'subject=Xin "chào"', 'body=a\nb']);
    });

    it(`has a header without a value in ${shell}`, async () => {
      const partner = { ...partners.cloudreve, headers: { 'X-Empty': '' } };
      const list = await read({ ...base, connection: { ...base.connection, partner } });
      assert.ok(valuesOf(list, '--header').includes('X-Empty;'));
    });
  }

  it('has a JSON payload without characters that depend on the code page of Windows', async () => {
    const partner = { ...partners.bizmail, requestBody: { form: 'json' } as const };
    const call = { method: 'POST', path: '/api', payload: { text: 'chào %PATH% !x!' } } as const;
    const connection = { partner, baseUrl: 'https://mail.example' };
    for (const shell of ['powershell', 'cmd'] as const) {
      assert.match(await curlCommand({ ...base, connection, call }, shell), /^[\n -~]*$/);
    }
    assert.doesNotMatch(await curlCommand({ ...base, connection, call }, 'cmd'), /[%!]/);
  });

  it('is for the shell of the platform by default', async () => {
    assert.equal(await curlCommand(base), await curlCommand(base, defaultShell(process.platform)));
  });
});
