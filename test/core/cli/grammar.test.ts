import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { programHelp } from '../../../core/cli/grammar/help.ts';
import { parse } from '../../../core/cli/grammar/parse.ts';
import { verbs } from '../../../core/cli/grammar/verbs.ts';
import { connectionSettings } from '../../../core/cli/connection-settings.ts';
import { command, demo } from './command.ts';
import { withHome } from './with-home.ts';

const real = ['demo', '--base-url', 'https://partner.example', '--partner', 'tconnect'];

/** The words of a command line as a POSIX shell splits the examples of the help. */
function wordsOf(example: string): string[] {
  return [...example.replace(/ [<>]+ \S+$/, '').matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? '',
  );
}

describe('arguments', () => {
  const refused: [string[], RegExp][] = [
    [['tokne'], /^tokne is not a command\. Did you mean token\?$/],
    [['profiles'], /Did you mean profile\?/],
    [['Hunter2hunter2hunter2'], /^Unknown command\.$/],
    [['profile'], /^profile must be followed by add, edit, list, show or remove\.$/],
    [['profile', 'ad'], /Did you mean profile add\?/],
    [['partner', 'hunter2'], /^partner must be followed by add, list or remove\.$/],
    [['--json'], /^--json must follow a command\.$/],
    [['token', '--fromat', 'json'], /^Unknown option --fromat of token\. Did you mean --format\?$/],
    [['token', '--data', 'hunter2'], /^Unknown option --data of token\. It is an option of request\.$/],
    [['token', '-x'], /^Unknown option -x of token\.$/],
    [['token', '--format'], /^--format requires a value\.$/],
    [['token', '--format='], /^--format requires a value\.$/],
    [['token', '--format', '--min-validity', '5'], /^--format requires a value\.$/],
    [['token', '--format', 'hunter2'], /^--format must be one of token, header, json, exec-credential\.$/],
    [['token', '--min-validity', 'hunter2'], /^--min-validity must be a whole number from 0 to 31536000\.$/],
    [['token', '--min-validity', '-5'], /^--min-validity must be a whole number/],
    [['request', 'GET', '/', '--timeout', '0'], /^--timeout must be a number from 0\.001 to 300\.$/],
    [['token', 'shop', 'hunter2'], /^Too many arguments: token takes only NAME\./],
    [['status', '--json=yes'], /^--json takes no value\.$/],
    [['request', 'shop', 'FETCH', '/'], /^METHOD must be one of GET, POST, PUT, PATCH, DELETE\.$/],
    [['request', 'shop', 'get', '/'], /Did you mean GET\?/],
    [['request', 'GET'], /^PATH is missing\.$/],
    [['request', 'acme', 'GET'], /^PATH is missing\.$/],
    [['profile', 'remove'], /^NAME is missing\.$/],
    [['completion', 'tcsh'], /^SHELL must be one of bash, zsh, fish, powershell\.$/],
    [['login', '--password', 'hunter2'], /^--password is not accepted as an argument: set PARTNER_AUTH_PASSWORD/],
    [['login', '--client-secret=hunter2'], /^--client-secret is not accepted .* PARTNER_AUTH_CLIENT_SECRET/],
    [['login', '--refresh-token', 'hunter2'], /^--refresh-token is not accepted/],
    [['encrypt', '--key', 'hunter2'], /^--key is not accepted as an argument: set PARTNER_AUTH_KEY/],
    [['demo', '--colour'], /^Unknown option --colour of demo\.$/],
    [['demo', 'hunter2'], /^Too many arguments: demo takes no arguments/],
    [['demo', '--partner', 'acme'], /^--partner must be one of tconnect, bizmail, cloudreve/],
    [[...real, '--iv', 'hunter2'], /--iv must be one of fixed, prefix, key, zero/],
    [[...real, '--key-format', 'hunter2'], /--key-format must be one of utf8, hex, base64/],
    [[...real, '--padding', '8'], /--padding must be one of 16, 32/],
    [[...real, '--output', 'HEX'], /--output must be one of hex, hex-upper, base64/],
    [[...real, '--body-form', 'xml'], /--body-form must be one of json, multipart/],
  ];
  for (const [args, message] of refused) {
    it(`refuse ${args.join(' ')}`, () => {
      const parsed = parse(args);
      assert.ok(parsed.kind === 'problem');
      assert.match(parsed.problem, message);
      assert.doesNotMatch(parsed.problem, /hunter2/i);
    });
  }

  it('name the verb that a problem is about', () => {
    const parsed = parse(['profile', 'list', '--jsn']);
    assert.ok(parsed.kind === 'problem');
    assert.equal(parsed.verb?.name, 'profile list');
  });

  it('may omit NAME, and no other', () => {
    const parsed = parse(['request', 'POST', '/path', '-d', '{}', '--query', 'a=1', '--query', 'b=2', '-i']);
    assert.ok(parsed.kind === 'run');
    const { given } = parsed;
    assert.deepEqual(
      [
        given.argument('NAME'),
        given.argument('METHOD'),
        given.argument('PATH'),
        given.text('data'),
        given.list('query'),
      ],
      [undefined, 'POST', '/path', '{}', ['a=1', 'b=2']],
    );
    assert.ok(given.has('include') && !given.has('out'));
  });

  it('take a dash as a value, and the last of an option that is given twice', () => {
    const parsed = parse(['request', 'POST', '/', '-d', '{}', '-d', '-']);
    assert.ok(parsed.kind === 'run');
    assert.equal(parsed.given.text('data'), '-');
  });

  it('take common options before and after the verb', () => {
    for (const args of [
      ['-v', 'token', 'shop'],
      ['token', '-v', 'shop'],
      ['token', 'shop', '--verbose'],
    ]) {
      const parsed = parse(args);
      assert.ok(parsed.kind === 'run' && parsed.verbose, args.join(' '));
      assert.equal(parsed.given.argument('NAME'), 'shop');
    }
  });

  it('of a real partner are all read', () => {
    const parsed = parse([
      ...['demo', '--json', '--partner-code', 'M-1', '--key-format', 'hex', '--iv', 'fixed', '--iv-format', 'base64'],
      ...['--output', 'hex-upper', '--padding', '32', '--tokens-in', 'data', '--encrypted-in', 'body'],
      ...['--body-form', 'multipart', '--ca', 'ca.pem', ...real.slice(1)],
    ]);
    assert.ok(parsed.kind === 'run');
    assert.deepEqual(connectionSettings(parsed.given), {
      baseUrl: 'https://partner.example',
      partner: 'tconnect',
      partnerCode: 'M-1',
      keyFormat: 'hex',
      ivFrom: 'fixed',
      ivFormat: 'base64',
      padding: 32,
      output: 'hex-upper',
      response: { tokensIn: 'data', encryptedIn: 'body' },
      bodyForm: 'multipart',
      caFile: resolve('ca.pem'),
    });
  });

  it('of every example in the help are accepted', () => {
    for (const { name, examples } of verbs) {
      assert.ok(examples.length > 0, name);
      for (const example of examples) {
        const parsed = parse(wordsOf(example));
        assert.ok(parsed.kind === 'run', `${example}: ${parsed.kind === 'problem' ? parsed.problem : ''}`);
        assert.equal(parsed.verb.name, name);
      }
    }
  });
});

describe('help', () => {
  it('fits in 100 columns, of all verbs and of each', () => {
    for (const help of [programHelp(verbs), ...verbs.map((verb) => programHelp([verb]))]) {
      for (const line of help.split('\n')) assert.ok(line.length <= 100, line);
    }
  });

  it('names every verb, and of a verb every option and example', () => {
    const all = programHelp(verbs);
    for (const verb of verbs) {
      assert.ok(all.includes(`  ${verb.name}`), verb.name);
      const help = programHelp([verb]);
      for (const { name } of verb.options ?? []) assert.match(help, new RegExp(`^ +(?:-\\w, )?--${name}\\b`, 'm'));
      for (const example of verb.examples) assert.ok(help.includes(`  partner-auth ${example}\n`));
    }
  });

  it('is the result, with exit code 0: bare, with --help, of a verb, and of a group', async () => {
    const results = await Promise.all(
      [[], ['--help'], ['help'], ['token', '--help'], ['help', 'token'], ['profile', '--help']].map((args) =>
        command(args),
      ),
    );
    const [bare, long, word, verb, helpVerb, group] = results.map(({ stdout }) => stdout);
    for (const { code, stderr } of results) assert.deepEqual([code, stderr], [0, '']);
    assert.ok(bare?.startsWith('Sign in to a partner API once') && bare === long && bare === word);
    assert.ok(verb?.includes('--min-validity SECONDS') && verb === helpVerb);
    assert.ok(group?.includes('profile remove') && !group.includes('token [NAME]'));
  });

  it('is named on stderr for a wrong argument, with exit code 2', async () => {
    const { code, stdout, stderr } = await command(['token', '--colour']);
    assert.deepEqual([code, stdout], [2, '']);
    assert.equal(stderr, 'Unknown option --colour of token.\nSee: partner-auth token --help\n');
  });

  it('prints the version of the package', async () => {
    const { code, stdout } = await command(['--version']);
    assert.equal(code, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });
});

describe('demo', () => {
  it('exits with 2 for a setting of a real partner without its address', async () => {
    for (const option of ['--partner-code', '--ca']) {
      const { code, stderr } = await demo([option, 'x']);
      assert.equal(code, 2);
      assert.match(stderr, new RegExp(`^${option} requires --base-url`));
    }
  });

  it('exits with 2 for an invalid setting of a real partner', async () => {
    const code = ['--partner-code', 'M-1'];
    const partner = (...args: string[]): string[] => ['--base-url', 'https://partner.example', ...args];
    const cases: [string[], RegExp][] = [
      [['--base-url', 'http://partner.example', '--partner', 'bizmail'], /https/],
      [partner(), /--partner tconnect \| bizmail \| cloudreve/],
      [partner('--partner', 'tconnect', ...code), /--iv fixed \| prefix \| key \| zero/],
      [partner('--partner', 'tconnect', '--iv', 'key'), /partnerCode is missing/],
      [partner('--partner', 'tconnect', '--ca', '/nowhere/ca.pem'), /\/nowhere\/ca\.pem/],
      [partner('--partner', 'tconnect', ...code, '--body-form', 'json'), /bodyForm/],
    ];
    await Promise.all(
      cases.map(async ([args, message]) => {
        const { code: exitCode, stderr } = await demo(args);
        assert.equal(exitCode, 2);
        assert.match(stderr, message);
      }),
    );
  });

  it('exits with 1 when the partner does not respond', async () => {
    const env = { PARTNER_AUTH_USERNAME: 'a', PARTNER_AUTH_PASSWORD: 'b' };
    const { code, stderr } = await demo(['--base-url', 'http://127.0.0.1:1', '--partner', 'bizmail'], { env });
    assert.equal(code, 1);
    assert.match(stderr, /^No response from 127\.0\.0\.1:1/);
  });
});

describe('sandbox', () => {
  it('exits with 2 for a port in use and for a definition that cannot be read, and names them', () =>
    withHome({}, async ({ sandbox, file, run }) => {
      const { port } = new URL(sandbox.url);
      const used = await run(['sandbox', '--port', port]);
      assert.equal(used.code, 2);
      assert.match(used.stderr, new RegExp(`^Port ${port} of 127\\.0\\.0\\.1 is in use by another program\\.`));
      const unread = await run(['sandbox', '--definition', file('missing.json')]);
      assert.equal(unread.code, 2);
      assert.match(unread.stderr, /^The file .*missing\.json of --definition could not be read \(ENOENT\)\./);
    }));
});
