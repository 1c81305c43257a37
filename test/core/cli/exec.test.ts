import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { describe, it } from 'node:test';
import { notOnWindows } from '../../helpers/platform.ts';
import { main, secretVariables } from './command.ts';
import { storeKey, withHome, type HomeFixture } from './with-home.ts';

const node = process.execPath;
/** Prints the environment of the child as JSON. */
const printEnvironment = [node, '-p', 'JSON.stringify(process.env)'];

function start({ home }: HomeFixture, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(node, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PARTNER_AUTH_HOME: home, PARTNER_AUTH_STORE_KEY: storeKey, ...env },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  return {
    child,
    ended,
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    /** Waits until stdout contains the text. */
    async printed(text: string): Promise<void> {
      while (!stdout.includes(text)) await once(child.stdout, 'data');
    },
  };
}

describe('exec', () => {
  it('hands over a gateway, not the token, and removes every other variable of this program', () =>
    withHome({}, async ({ sandbox, add, run }) => {
      await add('drive', 'cloudreve');
      const secrets = {
        ...secretVariables(sandbox, 'cloudreve'),
        PARTNER_AUTH_PROFILE: 'drive',
        partner_auth_other: 'x',
        ELECTRON_RUN_AS_NODE: '1',
      };
      const script = `const base = process.env.PARTNER_AUTH_GATEWAY;
        const { status } = await fetch(base + '/api/v4/user/me');
        console.log(JSON.stringify({ status, env: process.env }));`;
      const { code, stdout, stderr } = await run(['exec', 'drive', '--', node, '--input-type=module', '-e', script], {
        env: secrets,
      });
      assert.equal(code, 0, stderr);
      const { status, env } = JSON.parse(stdout) as { status: number; env: Record<string, string> };
      assert.equal(status, 200);
      assert.deepEqual(
        Object.keys(env).filter((name) => /partner_auth|electron/i.test(name)),
        ['PARTNER_AUTH_GATEWAY'],
      );
      assert.match(env.PARTNER_AUTH_GATEWAY ?? '', /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32,}$/);
      const known = [
        ...Object.values(sandbox.tokens('cloudreve') ?? {}),
        sandbox.profiles.cloudreve.credentials.password,
        storeKey,
      ];
      for (const secret of known) assert.ok(!stdout.includes(secret));
    }));

  it('hands over the token in the variable of --token-env, and no gateway', () =>
    withHome({}, async ({ sandbox, add, run }) => {
      await add('shop', 'tconnect');
      const { code, stdout } = await run(['exec', 'shop', '--token-env', 'SHOP_TOKEN', '--', ...printEnvironment]);
      assert.equal(code, 0);
      const env = JSON.parse(stdout) as Record<string, string>;
      assert.equal(env.SHOP_TOKEN, sandbox.tokens('tconnect')?.accessToken);
      assert.deepEqual(
        Object.keys(env).filter((name) => name.startsWith('PARTNER_AUTH')),
        [],
      );
      for (const args of [
        ['--token-env', '1x'],
        ['--token-env', 'T', '--read-only'],
      ])
        assert.equal((await run(['exec', 'shop', ...args, '--', node, '-v'])).code, 2);
    }));

  it('exits with the code of its command, and 127 or 126 for one that is not found or not executable', () =>
    withHome({}, async ({ home, add, run }) => {
      await add('mail', 'bizmail');
      const exec = (...command: string[]) => run(['exec', 'mail', '--token-env', 'T', '--', ...command]);
      assert.equal((await exec(node, '-e', 'process.exit(7)')).code, 7);
      const missing = await exec('no-such-command');
      assert.deepEqual(
        [missing.code, missing.stdout, missing.stderr],
        [127, '', 'The command no-such-command was not found.\n'],
      );
      const empty = await exec('');
      assert.deepEqual([empty.code, empty.stderr.split('\n', 1)], [2, ['The command is empty.']]);
      if (process.platform === 'win32') return;
      const notExecutable = await exec(`${home}/profiles.json`);
      assert.deepEqual([notExecutable.code, notExecutable.stdout], [126, '']);
      assert.equal((await exec(node, '-e', 'process.kill(process.pid, "SIGKILL")')).code, 137);
    }));

  it('is refused inside another one, with exit code 2', () =>
    withHome({}, async ({ home, add, run }) => {
      await add('mail', 'bizmail');
      for (const option of [[], ['--token-env', 'T']]) {
        // As if the child had found its way to the profiles.
        const inner = `import { spawnSync } from 'node:child_process';
          const env = { ...process.env, PARTNER_AUTH_HOME: ${JSON.stringify(home)}, PARTNER_AUTH_STORE_KEY: '${storeKey}' };
          const { status, stderr } = spawnSync(process.execPath, [${JSON.stringify(main)}, 'exec', '--', 'true'], { env, encoding: 'utf8' });
          console.log(status + ' ' + stderr);`;
        const { stdout } = await run(['exec', 'mail', ...option, '--', node, '--input-type=module', '-e', inner]);
        assert.match(stdout, /^2 This is inside partner-auth exec already\./);
      }
    }));

  it('does not run the command if a sign-in is needed, and exits with 4', () =>
    withHome({}, async ({ add, run }) => {
      await add('shop', 'tconnect', { signIn: false });
      await add('mail', 'bizmail', { signIn: false });
      for (const name of ['shop', 'mail']) {
        const { code, stdout } = await run(['exec', name, '--', node, '-p', '"ran"']);
        assert.deepEqual([code, stdout], [4, '']);
      }
    }));

  it('passes signals on to its command, and exits with its code', notOnWindows('There are no such signals.'), () =>
    withHome({}, async (fixture) => {
      await fixture.add('mail', 'bizmail');
      const script = `process.on('SIGTERM', () => process.exit(9)); console.log('ready'); setInterval(() => 0, 1000);`;
      await using exec = start(fixture, ['exec', 'mail', '--', node, '-e', script]);
      await exec.printed('ready');
      exec.child.kill('SIGTERM');
      assert.deepEqual(await exec.ended, [9, null]);
    }),
  );

  it(
    'exits with 126 for a command that the system does not start at all',
    notOnWindows('the limit of an argument'),
    () =>
      withHome({}, async ({ add, run }) => {
        await add('mail', 'bizmail');
        const { code, stderr } = await run(['exec', 'mail', '--', `/${'x'.repeat(300)}`]);
        assert.equal(code, 126);
        assert.match(stderr, /could not be run \(ENAMETOOLONG\)/);
      }),
  );
});

describe('gateway', () => {
  it('ends if nobody reads its address', notOnWindows('closing a pipe is noticed later'), () =>
    withHome({}, async (fixture) => {
      await fixture.add('mail', 'bizmail');
      await using gateway = start(fixture, ['gateway', 'mail']);
      gateway.child.stdout.destroy();
      assert.deepEqual(await gateway.ended, [1, null]);
      assert.match(gateway.stderr, /The output could not be written/);
    }),
  );

  it(
    'prints its base URL alone on stdout, serves calls, and exits with 0 after SIGTERM',
    notOnWindows('SIGTERM ends a process at once.'),
    () =>
      withHome({}, async (fixture) => {
        await fixture.add('drive', 'cloudreve');
        await using gateway = start(fixture, ['gateway', 'drive', '--read-only']);
        await gateway.printed('\n');
        const url = gateway.stdout.trim();
        assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32,}$/);
        assert.equal((await fetch(`${url}/api/v4/user/me?note=hunter2`)).status, 200);
        assert.equal((await fetch(`${url}/api/v4/file`, { method: 'DELETE' })).status, 403);
        gateway.child.kill('SIGTERM');
        assert.deepEqual(await gateway.ended, [0, null]);
        const secret = url.split('/').at(-1) ?? '';
        assert.ok(!gateway.stderr.includes(secret) && !gateway.stderr.includes('hunter2'));
        assert.match(
          gateway.stderr,
          /^Calls to http:\/\/127\.0\.0\.1:\d+ go to Cloudreve with the session of drive\. Ctrl\+C to stop\.$/m,
        );
      }),
  );

  it('takes its secret from a file, which it makes, so that its address survives a restart', () =>
    withHome({}, async (fixture) => {
      const { file, add } = fixture;
      await add('mail', 'bizmail');
      const secretFile = file('gateway-secret');
      const urls: string[] = [];
      for (let round = 0; round < 2; round++) {
        await using gateway = start(fixture, ['gateway', 'mail', '--secret-file', secretFile]);
        await gateway.printed('\n');
        urls.push(gateway.stdout.trim().replace(/:\d+\//, ':PORT/'));
        gateway.child.kill('SIGINT');
        await gateway.ended;
      }
      assert.equal(urls[0], urls[1]);
      assert.ok(urls[0]?.endsWith((await readFile(secretFile, 'utf8')).trim()));
    }));

  it(
    'ends with the program that started it, with --exit-with-parent',
    notOnWindows('Windows keeps the id of a parent that has ended.'),
    () =>
      withHome({}, async (fixture) => {
        await fixture.add('mail', 'bizmail');
        const parent = `import { spawn } from 'node:child_process';
        const child = spawn(process.execPath, [${JSON.stringify(main)}, 'gateway', 'mail', '--exit-with-parent'], { stdio: ['ignore', 'pipe', 'inherit'] });
        child.stdout.on('data', (text) => process.stdout.write(text));`;
        await writeFile(fixture.file('parent.mjs'), parent);
        const program = spawn(node, [fixture.file('parent.mjs')], {
          stdio: ['ignore', 'pipe', 'ignore'],
          env: { ...process.env, PARTNER_AUTH_HOME: fixture.home, PARTNER_AUTH_STORE_KEY: storeKey },
        });
        const [url] = (await once(program.stdout, 'data')) as [Buffer];
        const base = url.toString().trim();
        assert.notEqual((await fetch(`${base}/api/1.0/x`)).status, 0);
        program.kill('SIGKILL');
        await refusesConnections(base);
      }),
  );

  it('exits with 2 for a port in use, a socket path that is too long, and rules that are none', () =>
    withHome({}, async (fixture) => {
      const { sandbox, file, add, run } = fixture;
      await add('mail', 'bizmail');
      const cases: [string[], RegExp][] = [
        [['--port', new URL(sandbox.url).port], /port/],
        [['--unix-socket', file('x'.repeat(200))], /^--unix-socket is too long/],
        [['--allow', 'hunter2'], /^--allow /],
        [['--port', '70000'], /--port must be a whole number from 0 to 65535/],
      ];
      for (const [args, message] of cases) {
        const { code, stdout, stderr } = await run(['gateway', 'mail', ...args]);
        assert.deepEqual([code, stdout], [2, ''], stderr);
        assert.match(stderr, message);
      }
      await add('shop', 'tconnect', { signIn: false });
      assert.equal((await run(['gateway', 'shop'])).code, 4);
    }));
});

/** Resolves once nothing listens at the address any more. */
async function refusesConnections(base: string): Promise<void> {
  for (;;) {
    try {
      await fetch(base, { headers: { connection: 'close' } });
    } catch {
      return;
    }
  }
}
