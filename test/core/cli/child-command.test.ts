import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { childCommand, type ChildEnvironment } from '../../../core/cli/child-command.ts';

describe('the command of exec', () => {
  const files = ['C:\\node\\npm.cmd', 'C:\\node\\node.exe', 'C:\\tools\\npm.exe', 'D:\\my tools\\x.bat'];
  const windows: ChildEnvironment = {
    platform: 'win32',
    env: { Path: 'C:\\node;;C:\\tools;D:\\my tools', PATHEXT: '.EXE;.BAT;.CMD', ComSpec: 'C:\\Windows\\cmd.exe' },
    isFile: (path) => files.some((file) => file.toLowerCase() === path.toLowerCase()),
  };

  it('is the command itself, except on Windows', () => {
    const posix = { ...windows, platform: 'linux' } as const;
    assert.deepEqual(childCommand('npm', ['a b', '"'], posix), { file: 'npm', args: ['a b', '"'] });
  });

  it('is the program that Windows finds, with its arguments as they are', () => {
    assert.deepEqual(childCommand('node', ['a b'], windows), { file: 'C:\\node\\node.EXE', args: ['a b'] });
    assert.deepEqual(childCommand('node.exe', [], windows), { file: 'C:\\node\\node.exe', args: [] });
    assert.deepEqual(childCommand('missing', ['x'], windows), { file: 'missing', args: ['x'] });
    assert.deepEqual(childCommand('C:\\tools\\npm', [], windows), { file: 'C:\\tools\\npm.EXE', args: [] });
  });

  it('is cmd for a script of cmd, which gets each argument as it is', () => {
    assert.deepEqual(childCommand('npm', ['run', 'a b'], windows), {
      file: 'C:\\Windows\\cmd.exe',
      args: ['/d', '/s', '/c', '"C:\\node\\npm.CMD ^^^"run^^^" ^^^"a^^^ b^^^""'],
      windowsVerbatimArguments: true,
    });
    const { args } = childCommand('x', [], windows);
    assert.equal(args.at(-1), '"D:\\my^ tools\\x.BAT"');
  });

  it('lets no argument start another command or read a variable', () => {
    for (const arg of ['a&calc', '%PATH%', '"&calc', 'a\\', 'a\\"&calc', '^', '!x!', '|x', '>x']) {
      const line = childCommand('npm', [arg], windows).args.at(-1)?.slice(1, -1) ?? '';
      // cmd removes one caret of each pair, twice; what remains is a quoted argument.
      const cmd = (text: string): string => {
        assert.doesNotMatch(text.replace(/\^./g, ''), /[&|<>%!"]/, arg);
        return text.replace(/\^(.)/g, '$1');
      };
      const quoted = cmd(cmd(line.slice(line.indexOf(' ') + 1)));
      assert.match(quoted, /^"(?:[^"\\]|\\+(?!\\|"$)"?|\\\\)*"$/, arg);
    }
  });
});
