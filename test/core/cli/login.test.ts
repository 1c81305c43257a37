import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { runProgram } from '../../helpers/run-program.ts';
import { startProxy } from '../../helpers/start-proxy.ts';
import { needsTerminal } from '../../helpers/terminal.ts';
import { main, secretVariables } from './command.ts';
import { storeKey, withHome, type HomeFixture } from './with-home.ts';

/** What all files of the state folder contain. */
async function stored({ home }: HomeFixture): Promise<string> {
  const folder = join(home, 'state');
  const texts = (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

/** Runs `partner-auth <args>` in a terminal; its output is that of the screen. */
function runInTerminal({ home }: HomeFixture, args: readonly string[], answer: (screen: string) => string | undefined) {
  const words = [process.execPath, main, ...args].map((word) => `'${word}'`).join(' ');
  const env = { PARTNER_AUTH_HOME: home, PARTNER_AUTH_STORE_KEY: storeKey, TERM: 'dumb' };
  return runProgram('script', ['-qec', words, '/dev/null'], { env, answer });
}

/** Types each answer once, when its prompt appears. */
function typist(answers: readonly (readonly [prompt: RegExp, text: string])[]): (screen: string) => string | undefined {
  let next = 0;
  return (screen) => {
    const answer = answers[next];
    if (!answer?.[0].test(screen)) return undefined;
    next++;
    return answer[1];
  };
}

describe('login', () => {
  it('names the first variable that is missing, and sends nothing, without a terminal', () =>
    withHome({}, async ({ sandbox, add, run, calls }) => {
      await add('shop', 'tconnect', { signIn: false });
      const variables = Object.entries(secretVariables(sandbox, 'tconnect'));
      for (const [name] of variables) {
        const env = Object.fromEntries(variables.filter(([other]) => other !== name));
        const { code, stdout, stderr } = await run(['login', 'shop'], { env });
        assert.deepEqual([code, stdout], [2, '']);
        assert.match(stderr, new RegExp(`set the environment variable ${name}, or run this in a terminal`));
      }
      assert.equal(calls('login'), 0);
    }));

  it('exits with 4 for refused credentials, and keeps the session that it has', () =>
    withHome({}, async ({ sandbox, add, run, succeed }) => {
      await add('mail', 'bizmail');
      const env = { ...secretVariables(sandbox, 'bizmail'), PARTNER_AUTH_PASSWORD: 'wrong-password' };
      const { code, stderr } = await run(['login', 'mail'], { env });
      assert.equal(code, 4);
      assert.ok(!stderr.includes('wrong-password'));
      await succeed(['token', 'mail']);
    }));

  it('reads the password from stdin, without the line break at its end', () =>
    withHome({}, async ({ sandbox, add, run, calls }) => {
      await add('mail', 'bizmail', { signIn: false });
      const { PARTNER_AUTH_PASSWORD: password = '', ...env } = secretVariables(sandbox, 'bizmail');
      const args = ['login', 'mail', '--password-stdin'];
      const empty = await run(args, { env, input: '\n' });
      assert.equal(empty.code, 2);
      assert.match(empty.stderr, /nothing on stdin for --password-stdin/);
      assert.equal(calls('login'), 0);
      assert.equal((await run(args, { env, input: `${password}\n` })).code, 0);
    }));

  it('signs in with a refresh token from stdin, and reports one that is refused with exit code 4', () =>
    withHome({}, async ({ sandbox, add, run, succeed }) => {
      await add('mail', 'bizmail');
      const { refreshToken = '' } = sandbox.tokens('bizmail') ?? {};
      await add('copy', 'bizmail', { signIn: false });
      const args = ['login', 'copy', '--refresh-token-stdin'];
      const signedIn = await run(args, { input: `${refreshToken}\n` });
      assert.equal(signedIn.code, 0, signedIn.stderr);
      assert.equal((await succeed(['token', 'copy'])).trim(), sandbox.tokens('bizmail')?.accessToken);
      const refused = await run(args, { input: refreshToken });
      assert.equal(refused.code, 4);
      assert.match(refused.stderr, /Nothing was replaced\. Use a current refresh token, or sign in without one\.$/m);
      assert.equal((await run([...args, '--password-stdin'])).code, 2);
    }));

  it('encrypts what it stores, with the password only with --remember, and signs in again without it', () =>
    withHome({}, async (fixture) => {
      const { sandbox, add, run, succeed } = fixture;
      await add('shop', 'tconnect');
      const again = await run(['login', 'shop']);
      assert.deepEqual([again.code, again.stdout], [2, '']);
      assert.match(again.stderr, /PARTNER_AUTH_PASSWORD/);
      const env = secretVariables(sandbox, 'tconnect');
      await succeed(['login', 'shop', '--remember'], { env });
      // Uses the stored one, which stays stored.
      await succeed(['login', 'shop']);
      await succeed(['login', 'shop']);
      const text = await stored(fixture);
      const secrets = [...Object.values(env), ...Object.values(sandbox.tokens('tconnect') ?? {})];
      for (const secret of secrets) assert.ok(!text.includes(secret));
      await succeed(['login', 'shop'], { env: { ...env, PARTNER_AUTH_PASSWORD: env.PARTNER_AUTH_PASSWORD } });
    }));

  it('stops without a keyring and a key, and says the three ways', () =>
    withHome({}, async (fixture) => {
      const { sandbox, add, run, calls } = fixture;
      await add('mail', 'bizmail', { signIn: false });
      // Nobody serves secrets at such an address.
      const env = {
        ...secretVariables(sandbox, 'bizmail'),
        PARTNER_AUTH_STORE_KEY: '',
        DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere',
      };
      const { code, stdout, stderr } = await run(['login', 'mail'], { env });
      assert.deepEqual([code, stdout], [2, '']);
      for (const way of ['keyring', 'PARTNER_AUTH_STORE_KEY', '--store plain']) assert.ok(stderr.includes(way), stderr);
      assert.equal(calls('login'), 0);
      assert.ok(!existsSync(join(fixture.home, 'state', 'session-mail.json')));
    }));

  it('lists what --store plain writes in plain text, into files of this user only', () =>
    withHome({}, async (fixture) => {
      const { sandbox, home, add, run, succeed } = fixture;
      await add('shop', 'tconnect', { signIn: false });
      const env = secretVariables(sandbox, 'tconnect');
      const { code, stderr } = await run(['login', 'shop', '--store', 'plain'], {
        env: { ...env, PARTNER_AUTH_STORE_KEY: '' },
      });
      assert.equal(code, 0, stderr);
      assert.match(
        stderr,
        /in plain text, readable by this user only: access token, refresh token, AES key, IV, Client secret\.$/m,
      );
      assert.match(await stored(fixture), new RegExp(sandbox.tokens('tconnect')?.accessToken ?? ''));
      assert.ok(!(await stored(fixture)).includes(env.PARTNER_AUTH_PASSWORD ?? ''));
      assert.match(await succeed(['status', 'shop']), /^Stored +in plain text, readable by this user only$/m);
      if (process.platform === 'win32') return;
      for (const name of await readdir(join(home, 'state')))
        assert.equal((await stat(join(home, 'state', name))).mode & 0o077, 0, name);
    }));

  it('signs in with a one-time code and a captcha of the environment, and exits with 4 without them', () =>
    withHome({ sandbox: { twoFactor: true } }, async ({ sandbox, add, run }) => {
      await add('drive', 'cloudreve', { signIn: false });
      const env = secretVariables(sandbox, 'cloudreve');
      const missing = await run(['login', 'drive'], { env });
      assert.equal(missing.code, 4);
      assert.match(missing.stderr, /in a terminal, or with the code in PARTNER_AUTH_OTP\.$/m);
      const wrong = await run(['login', 'drive'], { env: { ...env, PARTNER_AUTH_OTP: '000000' } });
      assert.equal(wrong.code, 4);
      const code = await run(['login', 'drive'], { env: { ...env, PARTNER_AUTH_OTP: sandbox.oneTimeCode() } });
      assert.equal(code.code, 0, code.stderr);
      sandbox.set({ twoFactor: false, captcha: true });
      const captcha = await run(['login', 'drive'], { env });
      assert.equal(captcha.code, 4);
      assert.match(captcha.stderr, /in a terminal, where the image can be shown/);
    }));

  for (const captchaKind of ['recaptcha', 'turnstile', 'cap'] as const) {
    it(`says of a captcha of the kind ${captchaKind} that a browser is required, not that an image can be shown`, () =>
      withHome({ sandbox: { captcha: true, captchaKind } }, async ({ sandbox, add, run }) => {
        await add('drive', 'cloudreve', { signIn: false });
        const { code, stderr } = await run(['login', 'drive'], { env: secretVariables(sandbox, 'cloudreve') });
        assert.equal(code, 4);
        assert.match(stderr, /which only a web page can show/);
        assert.match(stderr, /the refresh token from there: partner-auth login drive --refresh-token-stdin$/m);
        assert.doesNotMatch(stderr, /image/);
      }));
  }

  it('asks in a terminal, without showing secrets, and adds a profile with what it asks', needsTerminal, () =>
    withHome({}, async (fixture) => {
      const { sandbox, home } = fixture;
      const { username, password } = sandbox.profiles.bizmail.credentials;
      const added = await runInTerminal(
        fixture,
        ['profile', 'add', 'mail'],
        typist([
          [/Partner \(.*\): /, 'bizmial'],
          [/It must be one of .*bizmail.* Did you mean bizmail\?[^]*Partner \(.*\): /, 'bizmail'],
          [/Address, such as .*: /, 'http://partner.example'],
          [/The address must be an https address [^]*Address, such as .*: /, sandbox.url],
        ]),
      );
      assert.equal(added.code, 0, added.stdout);
      assert.match(await readFile(join(home, 'profiles.json'), 'utf8'), /"partner": "bizmail"/);
      const { code, stdout } = await runInTerminal(
        fixture,
        ['login', 'mail'],
        typist([
          [/Username for BizMail: /, username],
          [/Password for BizMail: /, password],
        ]),
      );
      assert.equal(code, 0, stdout);
      assert.match(stdout, /Signed in to mail as mailer-/);
      assert.ok(stdout.includes(username) && !stdout.includes(password));
    }),
  );

  it('asks in a terminal for the user and password of a proxy until it accepts them', needsTerminal, () =>
    withHome({}, async (fixture) => {
      const { sandbox, home, run } = fixture;
      const secret = 'p@ss: word';
      await using proxy = await startProxy({ credentials: `pat:${secret}` });
      const address = `http://127.0.0.1:${proxy.port}`;
      const { username, password } = sandbox.profiles.bizmail.credentials;
      const added = await run([
        'profile',
        'add',
        'mail',
        '--partner',
        'bizmail',
        '--base-url',
        sandbox.url,
        '--proxy',
        address,
      ]);
      assert.equal(added.code, 0, added.stderr);
      const { code, stdout } = await runInTerminal(
        fixture,
        ['login', 'mail'],
        typist([
          [/Username for BizMail: /, username],
          [/Password for BizMail: /, password],
          [/requires a user and password \(HTTP 407\)[^]*User for the proxy 127\S+: /, 'pat'],
          [/Password for the proxy 127\S+: /, 'wrong'],
          [/refused the user and password[^]*User for the proxy 127\S+: /, 'pat'],
          [/refused[^]*Password for the proxy 127\S+: /, secret],
        ]),
      );
      assert.equal(code, 0, stdout);
      assert.ok(!stdout.includes(secret) && !stdout.includes('wrong'));
      assert.ok(!(await readFile(join(home, 'profiles.json'), 'utf8')).includes(secret));
      const env = { PARTNER_AUTH_STORE_KEY: storeKey };
      const refreshed = await run(['refresh', 'mail'], { env });
      assert.equal(refreshed.code, 0, refreshed.stderr);
      assert.equal(proxy.requests.at(-1)?.authorization, `Basic ${btoa(`pat:${secret}`)}`);
    }),
  );

  it('asks in a terminal for a refresh token without showing it, and says what that may sign out', needsTerminal, () =>
    withHome({}, async (fixture) => {
      const { sandbox, add } = fixture;
      await add('mail', 'bizmail');
      const { refreshToken = '' } = sandbox.tokens('bizmail') ?? {};
      await add('copy', 'bizmail', { signIn: false });
      const { code, stdout } = await runInTerminal(
        fixture,
        ['login', 'copy', '--refresh-token-stdin'],
        typist([[/copied from may be signed out by this\.[^]*Refresh token of BizMail: /, refreshToken]]),
      );
      assert.equal(code, 0, stdout);
      assert.match(stdout, /Signed in to copy/);
      assert.ok(!stdout.includes(refreshToken));
    }),
  );

  it('shows a captcha as a file of this user only, which is removed afterwards', needsTerminal, () =>
    withHome({ sandbox: { captcha: true } }, async (fixture) => {
      const { sandbox, add } = fixture;
      await add('drive', 'cloudreve', { signIn: false });
      const { email, password } = sandbox.profiles.cloudreve.credentials;
      let file = '';
      let modes: number[] = [];
      const type = typist([
        [/Email.*: /, email],
        [/Password.*: /, password],
        [/Text in the image \S+: /, 'wrong'],
      ]);
      const { code, stdout } = await runInTerminal(fixture, ['login', 'drive'], (screen) => {
        const shown = /That text was refused\. Text in the image (\S+): /.exec(screen)?.[1];
        if (shown === undefined || file !== '') return type(screen);
        file = shown;
        modes = [file, dirname(file)].map((path) => statSync(path).mode & 0o777);
        return '\x03';
      });
      assert.equal(code, 130, stdout);
      assert.deepEqual(modes, [0o600, 0o700]);
      assert.ok(!existsSync(dirname(file)));
    }),
  );

  it('exits with 130 after Ctrl+C at a prompt', needsTerminal, () =>
    withHome({}, async (fixture) => {
      await fixture.add('mail', 'bizmail', { signIn: false });
      const { code, stdout } = await runInTerminal(fixture, ['login', 'mail'], typist([[/Username/, '\x03']]));
      assert.equal(code, 130);
      assert.match(stdout, /Interrupted\./);
    }),
  );

  it('exits with 130 after Ctrl+C while it reads stdin', needsTerminal, () =>
    withHome({}, async (fixture) => {
      await fixture.add('shop', 'tconnect');
      const { code, stdout } = await runInTerminal(fixture, ['encrypt', 'shop'], typist([[/Type or paste/, '\x03']]));
      assert.equal(code, 130);
      assert.match(stdout, /Interrupted\./);
    }),
  );
});
