import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import nodeModule from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { startSandbox, type Sandbox } from '../../core/sandbox/index.ts';
import { runProgram, type ProgramResult } from '../helpers/run-program.ts';
import { root } from '../helpers/tarball.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const main = join(root, 'dist', 'core', 'cli', 'main.js');

interface SignedIn {
  readonly sandbox: Sandbox;
  file(name: string): string;
  token(env?: Readonly<Record<string, string>>): Promise<ProgramResult>;
}

/** Runs a test with the built program, in a home in which a profile is signed in. */
async function signedIn(test: (fixture: SignedIn) => Promise<void>): Promise<void> {
  await using sandbox = await startSandbox();
  await using home = await temporaryFolder();
  const { username, password } = sandbox.profiles.bizmail.credentials;
  const base = { PARTNER_AUTH_HOME: home.file('home'), PARTNER_AUTH_USERNAME: username };
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}, input?: string) =>
    runProgram(process.execPath, [main, ...args], { env: { ...base, ...env }, ...(input !== undefined && { input }) });
  const added = await run(['profile', 'add', 'mail', '--partner', 'bizmail', '--base-url', sandbox.url]);
  assert.equal(added.code, 0, added.stderr);
  const login = await run(['login', 'mail', '--store', 'plain', '--password-stdin'], {}, password);
  assert.equal(login.code, 0, login.stderr);
  await test({ sandbox, file: home.file, token: (env) => run(['token', 'mail'], env) });
}

describe('the built command', () => {
  const noHooks = 'registerHooks' in nodeModule ? {} : { skip: 'This Node has no module.registerHooks().' };
  it('loads two files for a valid token', noHooks, () =>
    signedIn(async ({ sandbox, file, token }) => {
      const hooks = `import { appendFileSync } from 'node:fs';
        import { registerHooks } from 'node:module';
        registerHooks({ resolve(specifier, context, next) {
          const resolved = next(specifier, context);
          appendFileSync(process.env.LOADED, resolved.url + '\\n');
          return resolved;
        } });`;
      await writeFile(file('hooks.mjs'), hooks);
      const { stdout } = await token({ LOADED: file('loaded.txt'), NODE_OPTIONS: `--import=${file('hooks.mjs')}` });
      assert.equal(stdout.trim(), sandbox.tokens('bizmail')?.accessToken);
      const loaded = (await readFile(file('loaded.txt'), 'utf8')).split('\n').filter((url) => url.startsWith('file:'));
      assert.deepEqual(
        loaded.map((url) => url.split('/').at(-1)),
        ['main.js', 'stored-token.js'],
      );
      // The schemas of records, and what each of these loads, take longer than the rest.
      const code = await readFile(join(root, 'dist', 'core', 'cli', 'stored-token.js'), 'utf8');
      assert.doesNotMatch(code, /valibot|from"node:(?:fs|os|crypto|util|http)"/);
      assert.doesNotMatch(await readFile(main, 'utf8'), /from"node:(?:fs|os)"/);
    }),
  );

  it('makes one refresh for a hundred processes that ask for a token at the moment of expiry', () =>
    signedIn(async ({ sandbox, file, token }) => {
      const session = file('home/state/session-mail.json');
      const record = JSON.parse(await readFile(session, 'utf8')) as { tokens: object };
      const times = { issuedAt: Date.now() - 3_600_000, accessExpiresAt: Date.now() };
      await writeFile(session, JSON.stringify({ ...record, tokens: { ...record.tokens, ...times } }));
      const results = await Promise.all(Array.from({ length: 100 }, () => token()));
      for (const { code, stdout, stderr } of results)
        assert.deepEqual([code, stdout, stderr], [0, `${sandbox.tokens('bizmail')?.accessToken ?? ''}\n`, '']);
      assert.equal(sandbox.journal.filter(({ call }) => call === 'refresh').length, 1);
    }));
});
