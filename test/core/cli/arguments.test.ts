import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readArguments } from '../../../core/cli/arguments.ts';
import { command } from './command.ts';

const real = ['--base-url', 'https://partner.example', '--partner', 'tconnect'];

describe('command line arguments', () => {
  const refused: [string[], RegExp][] = [
    [['--colour'], /^Unknown option --colour\.$/],
    [['-x'], /^Unknown option -x\.$/],
    [['hunter2'], /Positional arguments are not accepted/],
    [['--', 'hunter2'], /Positional arguments are not accepted/],
    [['--json=yes'], /--json takes no value/],
    [['--partner'], /--partner requires a value/],
    [['--partner', 'acme'], /--partner must be one of tconnect, bizmail, cloudreve/],
    [['--partner-code', 'M-1'], /--partner-code requires --base-url/],
    [['--ca', 'ca.pem'], /--ca requires --base-url/],
    [[...real, '--iv', 'hunter2'], /--iv must be one of fixed, prefix, key, zero/],
    [[...real, '--key-format', 'hunter2'], /--key-format must be one of utf8, hex, base64/],
    [[...real, '--padding', '8'], /--padding must be one of 16, 32/],
    [[...real, '--output', 'HEX'], /--output must be one of hex, hex-upper, base64/],
    [[...real, '--body-form', 'xml'], /--body-form must be one of json, multipart/],
    [['--password', 'hunter2'], /--password is not accepted as an argument: set PARTNER_AUTH_PASSWORD/],
    [['--client-secret=hunter2'], /--client-secret is not accepted as an argument: set PARTNER_AUTH_CLIENT_SECRET/],
    [['--key', 'hunter2'], /--key is not accepted as an argument: set PARTNER_AUTH_KEY/],
  ];
  for (const [args, message] of refused) {
    it(`refuses ${args.join(' ')}`, () => {
      const result = readArguments(args);
      assert.ok(result.kind === 'problem');
      assert.match(result.problem, message);
      assert.doesNotMatch(result.problem, /hunter2/);
    });
  }

  it('reads all settings of a real partner', () => {
    const result = readArguments([
      ...['--json', '--partner-code', 'M-1', '--key-format', 'hex', '--iv', 'fixed', '--iv-format', 'base64'],
      ...[
        '--output',
        'hex-upper',
        '--padding',
        '32',
        '--tokens-in',
        'data',
        '--encrypted-in',
        'body',
        '--body-form',
        'multipart',
      ],
      ...['--ca', 'ca.pem', ...real],
    ]);
    assert.deepEqual(result, {
      kind: 'settings',
      settings: {
        json: true,
        help: false,
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
        caFile: 'ca.pem',
      },
    });
  });

  it('prints the usage on stdout for --help, and on stderr with exit code 2 for an invalid argument', async () => {
    const [help, invalid] = await Promise.all([command(['--help']), command(['--colour'])]);
    assert.deepEqual([help.code, help.stderr], [0, '']);
    assert.deepEqual([invalid.code, invalid.stdout], [2, '']);
    assert.ok(invalid.stderr.includes(help.stdout));
    for (const line of help.stdout.split('\n')) assert.ok(line.length <= 110, line);
  });

  it('exits with 2 for an invalid setting of a real partner', async () => {
    const cases: [string[], RegExp][] = [
      [['--base-url', 'http://partner.example', '--partner', 'bizmail'], /https/],
      [['--base-url', 'https://partner.example'], /--partner tconnect \| bizmail \| cloudreve/],
      [[...real, '--partner-code', 'M-1'], /--iv fixed \| prefix \| key \| zero/],
      [[...real, '--iv', 'key'], /partnerCode is missing/],
      [[...real, '--ca', '/nowhere/ca.pem'], /\/nowhere\/ca\.pem/],
      [
        [
          '--base-url',
          'https://partner.example',
          '--partner',
          'tconnect',
          '--partner-code',
          'M-1',
          '--body-form',
          'json',
        ],
        /bodyForm/,
      ],
    ];
    await Promise.all(
      cases.map(async ([args, message]) => {
        const { code, stderr } = await command(args);
        assert.equal(code, 2);
        assert.match(stderr, message);
      }),
    );
  });

  it('exits with 1 when the partner does not respond', async () => {
    const env = { PARTNER_AUTH_USERNAME: 'a', PARTNER_AUTH_PASSWORD: 'b' };
    const { code, stderr } = await command(['--base-url', 'http://127.0.0.1:1', '--partner', 'bizmail'], { env });
    assert.equal(code, 1);
    assert.match(stderr, /^No response from 127\.0\.0\.1:1/);
  });
});
