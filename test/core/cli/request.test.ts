import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { partners } from '../../../core/index.ts';
import { notOnWindows } from '../../helpers/platform.ts';
import { secretVariables } from './command.ts';
import { withHome } from './with-home.ts';

const { path: qrPath = '', payload: qr = {} } = partners.tconnect.example ?? {};

describe('request', () => {
  it('encrypts the payload, and writes the body of the response to stdout as it is', () =>
    withHome({}, async ({ sandbox, file, add, run }) => {
      await add('shop', 'tconnect');
      await writeFile(file('qr.json'), JSON.stringify(qr));
      const results = [
        await run(['request', 'shop', 'POST', qrPath, '-d', JSON.stringify(qr)]),
        await run(['request', 'shop', 'POST', qrPath, '-d', `@${file('qr.json')}`]),
        // The only profile.
        await run(['request', 'POST', qrPath, '-d', '-'], { input: JSON.stringify(qr) }),
      ];
      for (const { code, stdout, stderr } of results) {
        assert.deepEqual([code, stderr], [0, '']);
        assert.equal(typeof JSON.parse(stdout), 'object');
      }
      const calls = sandbox.journal.filter(({ call }) => call === 'protected');
      assert.equal(calls.length, results.length);
      for (const { body } of calls) assert.match(body, /^\{"data":"[0-9a-f]+"\}$/);
    }));

  it('exits with 1 for a response that is an error, with its body on stdout and its status on stderr', () =>
    withHome({}, async ({ add, run }) => {
      await add('shop', 'tconnect');
      const { code, stdout, stderr } = await run(['request', 'shop', 'POST', '/openapi/v1/transaction/qr', '-d', '{}']);
      assert.equal(code, 1);
      assert.match(stdout, /"code":"VALIDATION"/);
      assert.match(stderr, /^HTTP 400/);
    }));

  it('prints status and headers with -i, and sends headers', () =>
    withHome({}, async ({ sandbox, add, run }) => {
      await add('drive', 'cloudreve');
      const args = ['request', 'drive', 'GET', '/api/v4/user/me', '--header', 'X-Test: yes', '-i'];
      const { code, stdout } = await run([...args, '--timeout', '20']);
      assert.equal(code, 0);
      assert.match(
        stdout,
        /^HTTP 200\n(?:[\w-]+: .*\n)*content-type: application\/json.*\n(?:[\w-]+: .*\n)*\n\{"code":0/,
      );
      const { headers } = sandbox.journal.at(-1) ?? {};
      assert.equal(headers?.['x-test'], 'yes');
    }));

  it('writes the body to a file with -o once it is complete, and none for an error', () =>
    withHome({}, async ({ home, file, add, run, succeed }) => {
      await add('drive', 'cloudreve');
      const out = file('me.json');
      assert.equal(await succeed(['request', 'drive', 'GET', '/api/v4/user/me', '-o', out]), '');
      assert.match(await readFile(out, 'utf8'), /^\{"code":0/);
      const failed = await run(['request', 'drive', 'GET', '/nothing', '-o', out]);
      assert.equal(failed.code, 1);
      assert.match(failed.stdout, /no partner has this path/);
      assert.match(await readFile(out, 'utf8'), /^\{"code":0/);
      const unwritable = await run(['request', 'drive', 'GET', '/api/v4/user/me', '-o', file('nowhere/me.json')]);
      assert.equal(unwritable.code, 2);
      assert.match(unwritable.stderr, /could not be written \(ENOENT\)/);
      assert.deepEqual((await readdir(file('.'))).sort(), [home.split(/[\\/]/).at(-1), 'me.json'].sort());
    }));

  it(
    'writes into a file that is there: behind its link, with its permissions, and never in place of a pipe',
    notOnWindows('modes, links and pipes'),
    () =>
      withHome({}, async ({ file, add, succeed }) => {
        await add('drive', 'cloudreve');
        await writeFile(file('private.json'), 'before', { mode: 0o600 });
        await symlink(file('private.json'), file('link.json'));
        const call = ['request', 'drive', 'GET', '/api/v4/user/me', '-o'];
        await succeed([...call, file('link.json')]);
        assert.ok((await lstat(file('link.json'))).isSymbolicLink());
        assert.match(await readFile(file('private.json'), 'utf8'), /^\{"code":0/);
        assert.equal((await stat(file('private.json'))).mode & 0o777, 0o600);
        const fifo = file('pipe');
        execFileSync('mkfifo', [fifo]);
        const [read] = await Promise.all([readFile(fifo, 'utf8'), succeed([...call, fifo])]);
        assert.match(read, /^\{"code":0/);
        assert.ok((await lstat(fifo)).isFIFO());
      }),
  );

  it('takes - of -o for stdout', () =>
    withHome({}, async ({ add, succeed }) => {
      await add('drive', 'cloudreve');
      assert.match(await succeed(['request', 'drive', 'GET', '/api/v4/user/me', '-o', '-']), /^\{"code":0/);
    }));

  it('reads a file of -F from stdin, and names one that cannot be read', () =>
    withHome({}, async ({ sandbox, file, add, run }) => {
      await add('mail', 'bizmail');
      await mkdir(file('folder'));
      const call = ['request', 'mail', 'POST', '/api/1.0/nothing', '-F'];
      await run([...call, 'note=@-'], { input: 'from stdin' });
      assert.match(sandbox.journal.at(-1)?.body ?? '', /filename="-"[^]*from stdin/);
      for (const name of ['folder', 'missing']) {
        const { code, stderr } = await run([...call, `note=@${file(name)}`]);
        assert.equal(code, 2);
        assert.match(stderr, /^The file .+ of -F could not be read \((?:EISDIR|ENOENT)\)\.\n$/);
      }
    }));

  it('says nothing of JavaScript where a path is refused', () =>
    withHome({}, async ({ add, run }) => {
      await add('mail', 'bizmail');
      const { code, stderr } = await run(['request', 'mail', 'GET', '/x#part']);
      assert.equal(code, 2);
      assert.equal(stderr, 'The path of a request must not contain "#", control characters, or a space at its end.\n');
    }));

  it('sends fields and files of -F as a multipart body', () =>
    withHome({}, async ({ sandbox, file, add, run }) => {
      await add('mail', 'bizmail');
      await writeFile(file('note.txt'), 'the content');
      await run([
        'request',
        'mail',
        'POST',
        '/api/1.0/mail/send',
        '-F',
        'subject=a=b',
        '-F',
        `attachment=@${file('note.txt')}`,
      ]);
      const { headers, body } = sandbox.journal.at(-1) ?? {};
      assert.match(headers?.['content-type'] ?? '', /^multipart\/form-data; boundary=/);
      assert.match(body ?? '', /name="subject"\r\n\r\na=b\r\n/);
      assert.match(body ?? '', /name="attachment"; filename="note\.txt"[^]*the content/);
    }));

  it('exits with 2, and sends nothing, for what cannot be sent', () =>
    withHome({}, async ({ sandbox, add, run }) => {
      await add('shop', 'tconnect');
      const before = sandbox.journal.length;
      const cases: [string[], RegExp][] = [
        [['POST', '/x', '-d', 'hunter2'], /^The value of -d is not valid JSON\.$/m],
        [['POST', '/x', '-d', '@/nowhere.json'], /^The file \/nowhere\.json of -d could not be read \(ENOENT\)\.$/m],
        [['POST', '/x', '-d', '5'], /must be a JSON object or list/],
        [['POST', '/x', '-d', '{"id":12345678901234567890}'], /more digits than/],
        [['POST', '/x', '-d', '{}', '-F', 'a=b'], /either -d or -F/],
        [['POST', '/x', '-F', 'hunter2'], /-F requires a name/],
        [['POST', '/x', '-F', 'a=@/nowhere'], /\/nowhere of -F could not be read/],
        [['GET', '/x', '--query', 'hunter2'], /--query requires a name/],
        [['GET', '/x', '--header', 'hunter2'], /--header requires a name/],
        [['GET', '/x', '--header', 'Authorization: hunter2'], /is set by the session/],
        [['GET', '/x', '-d', '{}'], /A GET request cannot have a payload/],
        [['GET', 'x'], /must be a string that starts with one "\/"/],
        [['GET', '/../x'], /./],
      ];
      for (const [args, message] of cases.slice(0, -1)) {
        const { code, stdout, stderr } = await run(['request', 'shop', ...args]);
        assert.deepEqual([code, stdout], [2, ''], args.join(' '));
        assert.match(stderr, message);
        assert.doesNotMatch(stderr, /hunter2/);
      }
      assert.equal(sandbox.journal.length, before);
    }));

  it('exits with 4 if a sign-in is needed', () =>
    withHome({}, async ({ sandbox, add, run }) => {
      await add('mail', 'bizmail', { signIn: false });
      const { code, stdout } = await run(['request', 'mail', 'GET', '/x']);
      assert.deepEqual([code, stdout, sandbox.journal.length], [4, '', 0]);
    }));
});

describe('encrypt and decrypt', () => {
  it('make the body that the partner takes, and read it again', () =>
    withHome({}, async ({ add, succeed }) => {
      await add('shop', 'tconnect');
      const body = await succeed(['encrypt', 'shop'], { input: '{"amount":12345678901234567890}\n' });
      assert.match(body, /^\{"data":"[0-9a-f]+"\}\n$/);
      const ciphertext = await succeed(['encrypt', 'shop', '--ciphertext'], {
        input: '{"amount":12345678901234567890}',
      });
      assert.equal(ciphertext.trim(), (JSON.parse(body) as { data: string }).data);
      for (const input of [body, ciphertext])
        assert.equal(await succeed(['decrypt', 'shop'], { input }), '{"amount":12345678901234567890}');
    }));

  it('take the key of the environment, without a sign-in', () =>
    withHome({}, async ({ sandbox, add, run, succeed }) => {
      await add('shop', 'tconnect', { signIn: false });
      const { key, iv } = sandbox.profiles.tconnect.cipher;
      const env = { PARTNER_AUTH_KEY: key, PARTNER_AUTH_IV: iv.from === 'fixed' ? iv.value : '' };
      const body = await succeed(['encrypt', 'shop'], { env, input: '{}' });
      assert.equal(await succeed(['decrypt', 'shop'], { env, input: body }), '{}');
      const missing = await run(['encrypt', 'shop'], { input: '{}' });
      assert.equal(missing.code, 2);
      assert.match(missing.stderr, /Set PARTNER_AUTH_KEY, .* or run: partner-auth login shop$/m);
    }));

  it('report what cannot be decrypted with exit code 1, and a plain partner with 2', () =>
    withHome({}, async ({ add, run }) => {
      await add('shop', 'tconnect');
      await add('mail', 'bizmail', { signIn: false });
      const wrong = await run(['decrypt', 'shop'], { input: '00'.repeat(32) });
      assert.deepEqual([wrong.code, wrong.stdout], [1, '']);
      const plain = await run(['encrypt', 'mail'], { input: '{}' });
      assert.equal(plain.code, 2);
      assert.match(plain.stderr, /^BizMail takes plain payloads/);
    }));
});

describe('detect', () => {
  it('finds the settings of the message on stdin, with the key of the environment', () =>
    withHome({}, async ({ sandbox, file, add, run, succeed }) => {
      await add('shop', 'tconnect');
      const payload = JSON.stringify({ username: 'somebody@example.com', password: 'a long password' });
      const input = await succeed(['encrypt', 'shop'], { input: payload });
      await writeFile(file('plain.json'), `${payload}\n`);
      const { PARTNER_AUTH_KEY = '', PARTNER_AUTH_IV = '' } = secretVariables(sandbox, 'tconnect');
      const env = { PARTNER_AUTH_KEY };
      const args = ['detect', '--plaintext', file('plain.json'), '--json'];
      const { verdict, candidates } = JSON.parse(await succeed(args, { input, env })) as {
        verdict: string;
        candidates: { settings: { keyFormat: string; iv: { from: string } }; iv?: string }[];
      };
      assert.equal(verdict, 'ambiguous');
      assert.deepEqual([candidates[0]?.settings.keyFormat, candidates[0]?.settings.iv.from], ['hex', 'fixed']);
      // The settings are those of a profile, in which a fixed IV is refused.
      assert.deepEqual(
        candidates.map(({ settings }) => 'value' in settings.iv),
        candidates.map(() => false),
      );
      assert.equal(candidates[0]?.iv, PARTNER_AUTH_IV);
      const given = await succeed(args, { input, env: { ...env, PARTNER_AUTH_IV } });
      assert.ok(!given.includes(PARTNER_AUTH_IV), 'an IV that the user has given is not printed');
      const none = await run(['detect'], { input: '00'.repeat(64), env });
      assert.deepEqual([none.code, none.stdout], [1, '']);
      assert.equal((await run(['detect'], { input })).code, 2);
    }));
});
