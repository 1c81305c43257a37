import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import nodeModule from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { main } from './command.ts';
import { storeKey, withHome, type HomeFixture } from './with-home.ts';

/** Changes the times of the stored session, which must be in plain text. */
async function changeTokens(
  { home }: HomeFixture,
  name: string,
  change: (tokens: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  const file = join(home, 'state', `session-${name}.json`);
  const record = JSON.parse(await readFile(file, 'utf8')) as { tokens: Record<string, unknown> };
  await writeFile(file, JSON.stringify({ ...record, tokens: change(record.tokens) }));
}

const expired = (tokens: Record<string, unknown>): Record<string, unknown> => ({
  ...tokens,
  issuedAt: Date.now() - 3_600_000,
  accessExpiresAt: Date.now() - 1,
});

/** Each file below a folder with its content. */
async function contents(folder: string): Promise<Record<string, string>> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const entries = files
    .filter((file) => file.isFile())
    .map(async (file) => {
      const path = join(file.parentPath, file.name);
      return [path, await readFile(path, 'latin1')] as const;
    });
  return Object.fromEntries(await Promise.all(entries));
}

describe('token', () => {
  it('prints the token alone, as a header, as JSON and as a credential of Kubernetes', () =>
    withHome({}, async ({ sandbox, add, succeed }) => {
      await add('shop', 'tconnect');
      const token = sandbox.tokens('tconnect')?.accessToken ?? '';
      assert.equal(await succeed(['token', 'shop', '--format', 'token']), `${token}\n`);
      assert.equal(await succeed(['token', 'shop', '--format', 'header']), `Authorization: Bearer ${token}\n`);
      const json = JSON.parse(await succeed(['token', 'shop', '--format', 'json'])) as Record<string, unknown>;
      assert.deepEqual(Object.keys(json), [
        ...['version', 'profile', 'partner', 'token', 'tokenType', 'expiresAt', 'expiresOn', 'signInAgainAt'],
      ]);
      const { expiresAt, expiresOn, signInAgainAt, ...rest } = json;
      assert.deepEqual(rest, { version: 1, profile: 'shop', partner: 'tconnect', token, tokenType: 'Bearer' });
      for (const time of [expiresAt, signInAgainAt]) assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.equal(Date.parse(String(expiresAt)), Number(expiresOn) * 1000);
      assert.deepEqual(JSON.parse(await succeed(['token', 'shop', '--format', 'exec-credential'])), {
        apiVersion: 'client.authentication.k8s.io/v1',
        kind: 'ExecCredential',
        status: { token, expirationTimestamp: expiresAt },
      });
    }));

  it('refreshes a token that has expired, one that is due, and one that is not valid for --min-validity', () =>
    withHome({}, async (fixture) => {
      const { sandbox, add, succeed, calls } = fixture;
      await add('shop', 'tconnect', { store: 'plain' });
      await changeTokens(fixture, 'shop', expired);
      assert.equal((await succeed(['token', 'shop'])).trim(), sandbox.tokens('tconnect')?.accessToken);
      assert.equal(calls('refresh'), 1);
      await succeed(['token', 'shop', '--min-validity', '3600']);
      assert.equal(calls('refresh'), 1);
      await changeTokens(fixture, 'shop', (tokens) => ({
        ...tokens,
        issuedAt: Date.now() - 3_600_000,
        accessExpiresAt: Date.now() + 400_000,
      }));
      await succeed(['token', 'shop', '--min-validity', '300']);
      assert.equal(calls('refresh'), 1);
      await succeed(['token', 'shop', '--min-validity', '500']);
      assert.equal(calls('refresh'), 2);
      await changeTokens(fixture, 'shop', (tokens) => ({
        ...tokens,
        issuedAt: Date.now() - 3_600_000,
        accessExpiresAt: Date.now() + 200_000,
      }));
      await succeed(['token', 'shop']);
      assert.equal(calls('refresh'), 3);
    }));

  it('prints nothing on stdout if a sign-in is needed or the partner fails, and exits with 4 or 1', () =>
    withHome({}, async (fixture) => {
      const { sandbox, add, run } = fixture;
      await add('shop', 'tconnect', { store: 'plain' });
      await changeTokens(fixture, 'shop', expired);
      sandbox.fail({ status: 503 }, { call: 'refresh', times: Infinity });
      const failed = await run(['token', 'shop', '--format', 'json']);
      assert.deepEqual([failed.code, failed.stdout], [1, '']);
      assert.match(failed.stderr, /503/);
      sandbox.heal();
      sandbox.revoke('tconnect');
      const refused = await run(['token', 'shop']);
      assert.deepEqual([refused.code, refused.stdout], [4, '']);
      assert.match(refused.stderr, /partner-auth login shop/);
    }));

  it('makes one refresh for all processes that ask at the moment of expiry', () =>
    withHome({}, async (fixture) => {
      const { sandbox, add, run, calls } = fixture;
      await add('shop', 'tconnect', { store: 'plain' });
      await changeTokens(fixture, 'shop', expired);
      const results = await Promise.all(Array.from({ length: 8 }, () => run(['token', 'shop'])));
      for (const { code, stdout, stderr } of results)
        assert.deepEqual([code, stdout, stderr], [0, `${sandbox.tokens('tconnect')?.accessToken ?? ''}\n`, '']);
      assert.equal(calls('refresh'), 1);
    }));

  const noHooks = 'registerHooks' in nodeModule ? {} : { skip: 'This Node has no module.registerHooks().' };
  it('writes nothing, and loads neither got nor node-forge, if the stored token is valid', noHooks, () =>
    withHome({}, async ({ home, file, add, succeed }) => {
      await add('shop', 'tconnect');
      // Registers every module that is resolved.
      const hooks = `import { appendFileSync } from 'node:fs';
        import { registerHooks } from 'node:module';
        registerHooks({ resolve(specifier, context, next) {
          const resolved = next(specifier, context);
          appendFileSync(process.env.LOADED, resolved.url + '\\n');
          return resolved;
        } });`;
      await writeFile(file('hooks.mjs'), hooks);
      const before = await contents(home);
      const env = { LOADED: file('loaded.txt'), NODE_OPTIONS: `--import=${file('hooks.mjs')}` };
      await succeed(['token', 'shop'], { env });
      assert.deepEqual(await contents(home), before);
      const loaded = await readFile(file('loaded.txt'), 'utf8');
      assert.match(loaded, /stored-token\.[tj]s/);
      assert.doesNotMatch(loaded, /node_modules\/(?:got|node-forge)\/|cli\/program\.[tj]s/);
    }),
  );

  it('reports a closed stdout in a sentence, with exit code 1', () =>
    withHome({}, async ({ home, add }) => {
      await add('shop', 'tconnect');
      const env = { ...process.env, PARTNER_AUTH_HOME: home, PARTNER_AUTH_STORE_KEY: storeKey };
      const child = spawn(process.execPath, [main, 'token', 'shop'], { stdio: ['ignore', 'pipe', 'pipe'], env });
      child.stdout.destroy();
      let errors = '';
      child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
      const [code] = (await once(child, 'close')) as [number];
      assert.deepEqual(
        [code, errors],
        [1, 'The output could not be written: the program that reads it has closed its input.\n'],
      );
    }));
});
