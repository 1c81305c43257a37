import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { defaultShell, formatCurl, type Shell } from '../../../core/lib/curl-command.ts';
import { readCommand, runCmd, runPosix, runPowershell } from '../../helpers/shells.ts';
import { notOnWindows, onWindows } from '../../helpers/platform.ts';

const shells: readonly Shell[] = ['posix', 'powershell', 'cmd'];
const url = 'https://pay.example/a%20b?x=1&y=2';

const hostile = [
  '',
  ' ',
  "it's",
  "'; rm -rf / #",
  "'@ | calc; @'",
  "\n'@\ncalc\n@'",
  '’@ ‘ ‚ ‛ “ ” „',
  '"',
  '""',
  '\\"',
  'a\\',
  'a\\\\',
  'C:\\dir\\"x"\\',
  '{"a":"b \\"c\\" \\u0022"}',
  '%PATH%',
  '%PATH:~0,5%',
  '%PATH:a=b%',
  '%%PATH%%',
  '100%',
  '%a %b% %c',
  '%USERNAME%%PATH%',
  '!PATH!',
  '^',
  '^^"&',
  '" & calc & "',
  '\\" & calc & \\"',
  '| calc',
  '> out < in',
  '(a) & (b)',
  '&& calc || calc',
  '$(id)',
  '$HOME ${HOME} $env:PATH',
  '`id` `n',
  '--%',
  '@file',
  '*?~',
  'a\nb',
  '\n',
  'a\n\n%PATH%\n"',
  '\t\v',
  'Xin chào',
  '😀',
  '\u0085\u2028',
];

describe('a curl command', () => {
  for (const shell of shells) {
    it(`passes hostile values as they are in ${shell}`, () => {
      for (const text of hostile) {
        const command = formatCurl({ url, options: [['--header', text], ['--data', text]] }, shell); // prettier-ignore
        assert.deepEqual(readCommand[shell](command), [url, '--header', text, '--data', text], command);
      }
    });

    it(`passes any value as it is in ${shell}`, () => {
      const text = fc
        .array(fc.constantFrom(...Array.from('"\\%^!&|<>()\'@$`{}[] \n\tPATH:~=a1’é😀')), { maxLength: 30 })
        .map((list) => list.join(''));
      fc.assert(
        fc.property(text, text, (first, second) => {
          const options = [['--header', first] as const, ['--data', second] as const];
          const list = readCommand[shell](formatCurl({ method: 'POST', url, options }, shell));
          assert.deepEqual(list, ['--request', 'POST', url, '--header', first, '--data', second]);
        }),
      );
    });

    it(`turns off curl's expansion of brackets and braces in ${shell}`, () => {
      for (const address of ['https://pay.example/?ids[]=1', 'https://pay.example/{a}']) {
        assert.ok(readCommand[shell](formatCurl({ url: address, options: [] }, shell)).includes('--globoff'));
      }
    });
  }

  it('passes hostile values as they are in the real sh', notOnWindows('Windows has no sh'), () => {
    const options = hostile.map((text) => ['--header', text] as const);
    const list = runPosix(formatCurl({ url, options }, 'posix'));
    assert.deepEqual(list, [url, ...options.flat()]);
  });

  it('passes hostile values as they are in the real cmd', onWindows, () => {
    // A prompt reads what is typed in the code page of the machine, and completes what precedes a tab.
    for (const text of hostile.filter((value) => !/[^\n -~]/.test(value))) {
      assert.deepEqual(runCmd(formatCurl({ url, options: [['--header', text]] }, 'cmd')), [url, '--header', text]);
    }
  });

  it('passes hostile values as they are in the real Windows PowerShell', onWindows, () => {
    const options = hostile.map((text) => ['--header', text] as const);
    assert.deepEqual(runPowershell(formatCurl({ url, options }, 'powershell')), [url, ...options.flat()]);
  });

  it('passes line breaks as LF in cmd, which drops CR', () => {
    const command = formatCurl({ url, options: [['--form-string', 'a=1\r\n2\r3']] }, 'cmd');
    assert.equal(readCommand.cmd(command)[2], 'a=1\n2\n3');
  });

  it('runs curl.exe on Windows, where curl can be an alias', () => {
    for (const shell of ['powershell', 'cmd'] as const) {
      assert.match(formatCurl({ url, options: [] }, shell), /(?:^|\| )curl\.exe /);
    }
  });

  it('does not depend on the encoding of PowerShell 5.1', () => {
    const command = (text: string) => formatCurl({ url, options: [['--header', text]] }, 'powershell');
    assert.match(command('plain'), /^@'\n/);
    assert.match(command('chào'), /^& \{ \$OutputEncoding = /);
  });
});

describe('the shell of a command', () => {
  it('follows the platform, and on Windows the shell of the user', () => {
    const rows: readonly [NodeJS.Platform, string | undefined, Shell][] = [
      ['linux', undefined, 'posix'],
      ['darwin', '/bin/zsh', 'posix'],
      ['linux', '/usr/bin/pwsh', 'posix'],
      ['win32', undefined, 'powershell'],
      ['win32', '', 'powershell'],
      ['win32', 'C:\\WINDOWS\\System32\\WindowsPowerShell\\v1.0\\powershell.exe', 'powershell'],
      ['win32', 'C:\\Program Files\\PowerShell\\7\\pwsh.exe', 'powershell'],
      ['win32', 'C:\\WINDOWS\\System32\\cmd.exe', 'cmd'],
      ['win32', 'CMD.EXE', 'cmd'],
      ['win32', 'C:\\Program Files\\Git\\bin\\bash.exe', 'posix'],
      ['win32', 'C:\\WINDOWS\\System32\\wsl.exe', 'posix'],
    ];
    for (const [platform, path, shell] of rows)
      assert.equal(defaultShell(platform, path), shell, `${platform} ${path}`);
  });
});
