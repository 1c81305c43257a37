import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import { describe, it } from 'node:test';
import { candidatesFor } from '../../../core/cli/grammar/complete.ts';
import { scripts } from '../../../core/cli/grammar/completion-scripts.ts';
import { verbs } from '../../../core/cli/grammar/verbs.ts';
import { notOnWindows } from '../../helpers/platform.ts';
import { runProgram } from '../../helpers/run-program.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { command, main } from './command.ts';

const values = async (...words: string[]): Promise<string[]> => (await candidatesFor(words)).map(([value]) => value);

describe('completion', () => {
  it('offers the first words of all verbs, and those that start with what is typed', async () => {
    assert.deepEqual(await values(''), [...new Set(verbs.map(({ name }) => name.split(' ')[0]))]);
    assert.deepEqual(await values('re'), ['refresh', 'request']);
    assert.deepEqual(await values('profile', ''), ['add', 'edit', 'list', 'show', 'remove']);
  });

  it('offers options, without those that were given and cannot be repeated', async () => {
    assert.deepEqual(await values('token', '--'), ['--min-validity', '--format', '--verbose', '--help']);
    assert.deepEqual(await values('token', '--format', 'json', '--f'), []);
    assert.deepEqual(await values('request', '--query', 'a=1', '--q'), ['--query']);
  });

  it('offers the choices of an option and of an argument', async () => {
    assert.deepEqual(await values('token', '--format', 'h'), ['header']);
    assert.deepEqual(await values('completion', ''), ['bash', 'zsh', 'fish', 'powershell']);
    assert.deepEqual(await values('request', 'shop', 'P'), ['POST', 'PUT', 'PATCH']);
  });

  it("offers nothing where a file or a text of one's own is expected", async () => {
    assert.deepEqual(await values('profile', 'add', 'shop', '--from', ''), []);
    assert.deepEqual(await values('request', 'shop', 'GET', '/'), []);
    assert.deepEqual(await values('nonsense', ''), []);
  });

  it('offers the ids of profiles and partners', async () => {
    await using home = await temporaryFolder();
    const env = { PARTNER_AUTH_HOME: home.path };
    const profile = { id: 'mail', label: 'My mail', partner: 'bizmail', baseUrl: 'https://mail.example.com' };
    await writeFile(home.file('profiles.json'), JSON.stringify([profile]));
    const names = await command(['__complete', 'token', ''], { env });
    assert.deepEqual([names.code, names.stdout, names.stderr], [0, 'mail\tMy mail\n', '']);
    const partners = await command(['__complete', 'profile', 'add', 'x', '--partner', 'b'], { env });
    assert.equal(partners.stdout, 'bizmail\tBizMail\n');
  });

  it('prints a script for each shell, which asks the program', async () => {
    for (const [shell, script] of Object.entries(scripts)) {
      const { code, stdout } = await command(['completion', shell]);
      assert.deepEqual([code, stdout], [0, script]);
      assert.match(script, /partner-auth __complete /);
    }
  });

  it('completes in bash', notOnWindows('It is for bash.'), async () => {
    await using folder = await temporaryFolder();
    const program = `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`;
    await writeFile(folder.file('partner-auth'), program, { mode: 0o755 });
    const typed = `${scripts.bash}
      COMP_WORDS=(partner-auth token --format '') COMP_CWORD=3
      _partner_auth
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = { PATH: `${folder.path}:${process.env.PATH ?? ''}` };
    const { stdout, stderr } = await runProgram('bash', ['-c', typed], { env });
    assert.deepEqual([stdout, stderr], ['token\nheader\njson\nexec-credential\n', '']);
  });

  for (const shell of ['zsh', 'fish', 'pwsh'] as const) {
    const isMissing = spawnSync(shell, ['-c', 'exit'], { stdio: 'ignore' }).error !== undefined;
    it(`prints a script that ${shell} can parse`, { skip: isMissing && `${shell} is not installed.` }, async () => {
      await using folder = await temporaryFolder();
      const name = shell === 'pwsh' ? 'powershell' : shell;
      await writeFile(folder.file('script.ps1'), scripts[name]);
      const args =
        shell === 'pwsh' ? ['-NoProfile', '-File', folder.file('script.ps1')] : ['-n', folder.file('script.ps1')];
      const { code, stderr } = await runProgram(shell, args);
      assert.deepEqual([code, stderr], [0, '']);
    });
  }
});
