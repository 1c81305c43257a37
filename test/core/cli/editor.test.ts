import assert from 'node:assert/strict';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { addressVariable, startBroker } from '../../../core/broker/index.ts';
import { notOnWindows } from '../../helpers/platform.ts';
import { standInWindow } from '../../helpers/stand-in-window.ts';
import { fakeApp } from '../../helpers/fake-app.ts';
import type { ProgramResult } from '../../helpers/run-program.ts';
import { signIn } from '../../../extension/commands/sign-in.ts';
import { verbs } from '../../../core/cli/grammar/verbs.ts';
import { terminalHost } from '../../../extension/commands/serve-terminals.ts';
import { connectionTo, correctReplies } from '../../helpers/with-app.ts';
import { withHome, type HomeFixture } from './with-home.ts';

const qr = '/openapi/v1/transaction/qr';
const query = '{"from_date":"2026-01-01 00:00:00","to_date":"2026-01-31 23:59:59","limit":10,"page":1}';

interface TerminalFixture extends HomeFixture {
  /** Runs `partner-auth <args>` in a terminal of the editor. */
  inTerminal(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<ProgramResult>;
  readonly confirmations: readonly string[];
  readonly signOut: () => Promise<unknown>;
  /** Closes the session of the editor, which cannot read it again. */
  readonly lockKeyring: () => Promise<void>;
}

/** VS Code with the profile "acme", which is signed in, and a terminal. */
async function withTerminal(
  buttons: readonly string[],
  test: (fixture: TerminalFixture) => Promise<void>,
): Promise<void> {
  await withHome({}, async (home) => {
    const { sandbox, file, run } = home;
    const connection = connectionTo(sandbox, 'tconnect');
    const saved = { ...connection.profile, id: 'acme', label: 'ACME' };
    const { app, profile, confirmations, secretStore } = fakeApp({
      profiles: [saved],
      buttons,
      replies: correctReplies(connection),
    });
    const { sessions } = app;
    assert.ok(await signIn(app, profile('acme')));
    const addressFile = file('terminals/window.json');
    const broker = await startBroker(addressFile, terminalHost(app));
    try {
      await test({
        ...home,
        confirmations,
        inTerminal: (args, env) => run(args, { env: { [addressVariable]: addressFile, ...env } }),
        async lockKeyring() {
          await sessions.release(profile('acme'));
          secretStore.failing.add('get');
        },
        signOut: async () => (await sessions.open(profile('acme'))).signOut(),
      });
    } finally {
      await broker.close();
      await sessions.close();
    }
  });
}

describe('the command line in a terminal of VS Code', () => {
  it('uses the profiles of VS Code: request, refresh, exec and gateway without asking', () =>
    withTerminal([], async ({ sandbox, inTerminal, confirmations, calls }) => {
      const response = await inTerminal(['request', 'acme', 'POST', qr, '-d', query]);
      assert.equal(response.code, 0, response.stderr);
      assert.equal((JSON.parse(response.stdout) as { limit: number }).limit, 10);
      assert.deepEqual(sandbox.journal.at(-1)?.payload, JSON.parse(query));

      const refreshed = await inTerminal(['refresh', 'acme', '--json']);
      assert.equal(refreshed.code, 0, refreshed.stderr);
      assert.match(refreshed.stderr, /^Refreshed acme\. The token is valid for /);
      assert.equal((JSON.parse(refreshed.stdout) as { source: string }).source, 'editor');
      assert.equal(calls('refresh'), 1);

      const script = `const { status } = await fetch(process.env.PARTNER_AUTH_GATEWAY + '${qr}', { method: 'POST',
        headers: { 'content-type': 'application/json' }, body: '${query}' });
        console.log(status, process.env.${addressVariable});`;
      const node = [process.execPath, '--input-type=module', '-e', script];
      const ran = await inTerminal(['exec', '--', ...node]);
      assert.deepEqual([ran.stdout, ran.stderr, ran.code], ['200 undefined\n', '', 0]);
      assert.deepEqual(confirmations, []);
    }));

  it('prints an access token after the user has allowed it once', () =>
    withTerminal(['Allow'], async ({ sandbox, inTerminal, confirmations }) => {
      const first = await inTerminal(['token', 'acme']);
      assert.deepEqual(
        [first.stdout, first.stderr, first.code],
        [`${sandbox.tokens('tconnect')?.accessToken}\n`, '', 0],
      );
      assert.equal((await inTerminal(['token', 'acme', '--format', 'header'])).code, 0);
      assert.equal(confirmations.length, 1);
      assert.match(
        confirmations[0] ?? '',
        /^Allow programs in the terminals of this window to read the access token of ACME\?/,
      );
    }));

  it('prints none if the user denies it, and is not asked again', () =>
    withTerminal([], async ({ inTerminal, confirmations }) => {
      for (const args of [
        ['token', 'acme'],
        ['exec', 'acme', '--token-env', 'TOKEN', '--', 'env'],
      ]) {
        const { code, stdout, stderr } = await inTerminal(args);
        assert.deepEqual([code, stdout], [2, '']);
        assert.match(
          stderr,
          /^The access token of acme was denied in VS Code\. Use request, exec or gateway, which do not hand it over, or /,
        );
      }
      assert.equal(confirmations.length, 1);
    }));

  it('shows in the status whose profile it is', () =>
    withTerminal([], async ({ inTerminal, add, run }) => {
      const one = await inTerminal(['status', 'acme']);
      assert.equal(one.code, 0, one.stderr);
      assert.match(one.stdout, /^Profile of\s+VS Code: sign in, sign out and edit it there$/m);
      assert.match(one.stdout, /^State\s+valid for /m);
      await add('drive', 'cloudreve');
      const all = await inTerminal(['status']);
      assert.match(all.stdout, /^drive .* key$/m);
      assert.match(all.stdout, /^acme .* in VS Code$/m);
      const json = JSON.parse((await inTerminal(['status', '--json'])).stdout) as { profile: string; source: string }[];
      assert.deepEqual(
        json.map(({ profile, source }) => [profile, source]),
        [
          ['drive', 'commandLine'],
          ['acme', 'editor'],
        ],
      );
      assert.doesNotMatch((await run(['status'])).stdout, /acme/);
    }));

  it('prefers its own profile with the same id, also one that is not valid or signed in', () =>
    withTerminal([], async ({ inTerminal, add, home }) => {
      await add('acme', 'cloudreve', { signIn: false });
      const { code, stderr } = await inTerminal(['request', 'acme', 'GET', '/api/v4/user/me']);
      assert.equal(code, 4);
      assert.match(stderr, /^acme is not signed in\. Run: partner-auth login acme$/m);
      assert.equal((await inTerminal(['status', '--json'])).stdout.match(/"profile"/g)?.length, 1);
      await writeFile(join(home, 'profiles.json'), JSON.stringify([{ id: 'acme', partner: 'unknown' }]));
      const invalid = await inTerminal(['token', 'acme']);
      assert.equal(invalid.code, 2);
      assert.match(invalid.stderr, /^profile acme: |partner/);
    }));

  it('shows why VS Code cannot read a session, and starts nothing that would only fail', () =>
    withTerminal([], async ({ inTerminal, lockKeyring }) => {
      await lockKeyring();
      const { code, stdout } = await inTerminal(['status', 'acme']);
      assert.equal(code, 4);
      assert.match(stdout, /^State\s+cannot be read$/m);
      assert.match(stdout, /^Last error\s+The keyring of this machine could not be read\. Unlock it/m);
      const json = JSON.parse((await inTerminal(['status', 'acme', '--json'])).stdout) as { error: { code: string } };
      assert.equal(json.error.code, 'store');
      for (const args of [
        ['token', 'acme'],
        ['gateway', 'acme'],
        ['exec', 'acme', '--', 'env'],
        ['request', 'acme', 'GET', '/'],
      ]) {
        const failed = await inTerminal(args);
        assert.deepEqual([failed.code, failed.stdout], [1, ''], args.join(' '));
        assert.match(failed.stderr, /^The keyring of this machine could not be read\. Unlock it/);
      }
    }));

  it('says that VS Code does not respond, unless another window does', notOnWindows('It has no Unix sockets.'), () =>
    withTerminal([], async ({ inTerminal, file }) => {
      await mkdir(file('others'));
      await using _stopped = await standInWindow(file('others/0.json'));
      await copyFile(file('others/0.json'), file('terminals/0.json'));
      const other = await inTerminal(['status', 'acme'], { [addressVariable]: file('terminals/0.json') });
      assert.deepEqual([other.code, other.stderr], [0, '']);
      const none = await inTerminal(['status', 'acme'], { [addressVariable]: file('others/0.json') });
      assert.equal(none.code, 2);
      assert.match(
        none.stderr,
        /^The profiles of VS Code are missing here\. VS Code did not respond in time\. If it stays busy, reload its window\.$/m,
      );
    }),
  );

  it('lists the profiles of VS Code below its own, and says whose they are', () =>
    withTerminal([], async ({ inTerminal, add, sandbox, run }) => {
      const row = new RegExp(`^acme\\s+ACME\\s+\\S.*\\s+${sandbox.url}\\S*\\s+in VS Code$`, 'm');
      assert.match((await inTerminal(['profile', 'list'])).stdout, row);
      await add('drive', 'cloudreve');
      const list = await inTerminal(['profile', 'list']);
      assert.match(list.stdout, row);
      assert.match(list.stdout, /^drive .*\d$/m);
      assert.equal(list.stderr, '');
      const { stdout } = await inTerminal(['profile', 'list', '--json']);
      const [own, other] = JSON.parse(stdout) as readonly { id: string; partner: string; source?: string }[];
      assert.deepEqual([own?.id, own?.source], ['drive', undefined]);
      assert.deepEqual([other?.id, other?.partner, other?.source], ['acme', 'tconnect', 'editor']);
      await add('acme', 'cloudreve');
      assert.equal((await inTerminal(['profile', 'list', '--json'])).stdout.includes('editor'), false);
      assert.doesNotMatch((await run(['profile', 'list'])).stdout, /VS Code/);
    }));

  it('says with -v where VS Code shows the exchanges', () =>
    withTerminal([], async ({ inTerminal }) => {
      const { stderr } = await inTerminal(['request', 'acme', 'POST', qr, '-d', query, '-v']);
      assert.match(stderr, /^VS Code makes the calls of acme\. .*Explain Last Exchange/m);
    }));

  it('completes the names of its profiles where they can be used', () =>
    withTerminal([], async ({ inTerminal, add }) => {
      await add('drive', 'cloudreve');
      const complete = async (verb: string) => (await inTerminal(['__complete', verb, ''])).stdout;
      assert.match(await complete('request'), /^drive\t.*\nacme\tACME$/m);
      assert.match(await complete('login'), /^drive\t(?![^]*acme)/);
      const usable = verbs.filter(({ arguments: all = [] }) => all.some(({ completes }) => completes === 'usable'));
      assert.deepEqual(usable.map(({ name }) => name).toSorted(), [
        'exec',
        'gateway',
        'refresh',
        'request',
        'status',
        'token',
      ]);
    }));

  it('says where a profile of VS Code is signed in and edited', () =>
    withTerminal([], async ({ inTerminal, signOut }) => {
      for (const args of [['login'], ['doctor'], ['profile', 'show']]) {
        const { code, stderr } = await inTerminal([...args, 'acme']);
        assert.equal(code, 2, args.join(' '));
        assert.match(stderr, /^acme is a profile of VS Code, where you sign in to it and edit it\./);
      }
      await signOut();
      for (const args of [
        ['token'],
        ['request', 'acme', 'GET', '/'],
        ['exec', 'acme', '--', 'env'],
        ['gateway'],
        ['refresh'],
      ]) {
        const { code, stderr } = await inTerminal(args.length === 1 ? [...args, 'acme'] : args);
        assert.equal(code, 4, args.join(' '));
        assert.match(
          stderr,
          /acme is not signed in\. Sign in to acme in VS Code, with the command "Partner Auth: Sign In"\.$/m,
        );
      }
      assert.equal((await inTerminal(['status', 'acme'])).code, 4);
    }));

  it('finds the profile by the variable, or because it is the only one', () =>
    withTerminal([], async ({ inTerminal, add }) => {
      assert.equal((await inTerminal(['status', '--json'], {})).code, 0);
      const only = await inTerminal(['request', 'POST', qr, '-d', query]);
      assert.equal(only.code, 0, only.stderr);
      await add('drive', 'cloudreve');
      const named = await inTerminal(['request', 'POST', qr, '-d', query], { PARTNER_AUTH_PROFILE: 'acme' });
      assert.equal(named.code, 0, named.stderr);
      const { code, stderr } = await inTerminal(['token', 'acmee']);
      assert.equal(code, 2);
      assert.match(stderr, /Known in VS Code: acme\..*Did you mean "?acme/);
    }));
});
