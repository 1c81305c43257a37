import { spawnSync } from 'node:child_process';
import { chmod, chown, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileStore } from '../../../../core/index.ts';
import { mount } from '../../../helpers/mount.ts';
import { replaceFile } from '../../../helpers/replace-file.ts';
import { runProgram } from '../../../helpers/run-program.ts';
import { hasNewTokens } from '../../../helpers/fault-injecting-store.ts';
import type { Row } from '../trial.ts';
import type { Fixture } from '../fixture.ts';

const refreshOnce = fileURLToPath(new URL('../refresh-once.ts', import.meta.url));

/** Refreshes in a program of its own that the command `prefix` starts; resolves to what it prints. */
async function refreshInProgram(fixture: Fixture, prefix: readonly string[]): Promise<string> {
  // The partners' profiles differ in these two fields.
  const profile: { partnerCode?: string; cipher?: unknown } = fixture.sandbox.profiles[fixture.partner];
  const { partnerCode, cipher } = profile;
  const options = { partner: fixture.partner, partnerCode, cipher, baseUrl: `http://127.0.0.1:${fixture.proxy.port}` };
  const program = prefix[0] ?? process.execPath;
  const args = prefix.length > 0 ? [...prefix.slice(1), process.execPath, refreshOnce] : [refreshOnce];
  const { stdout, stderr } = await runProgram(program, args, {
    env: { TASK: JSON.stringify({ file: fixture.file, options }) },
  });
  fixture.scanner.addOutput('program output', stdout + stderr);
  return stdout.trim();
}

export const storeRows: readonly Row[] = [
  {
    name: 'disk full briefly while saving',
    reported: 'nothing: saving is retried under the lock',
    async inject(fixture) {
      let remaining = 2;
      fixture.store.failWrites((record) => hasNewTokens(record) && remaining-- > 0);
      const code = await fixture.attempt(() => fixture.session.refresh());
      return code === undefined ? undefined : `reported ${code}`;
    },
  },
  {
    name: 'disk full or read-only while saving',
    reported: '`store`; the new token is returned, and saved as soon as there is space',
    async inject(fixture) {
      fixture.store.failWrites(hasNewTokens);
      const code = await fixture.attempt(() => fixture.session.refresh());
      const token = await fixture.session.accessToken();
      if (token !== fixture.sandbox.tokens(fixture.partner)?.accessToken) return 'the new token was not returned';
      return code === 'store' ? undefined : `reported ${code}`;
    },
  },
  {
    name: 'disk full before the request',
    reported: '`store`; no request is sent',
    async inject(fixture) {
      fixture.store.failWrites(() => true);
      const before = fixture.refreshCount();
      const code = await fixture.attempt(() => fixture.session.refresh());
      return code === 'store' && fixture.refreshCount() === before
        ? undefined
        : `reported ${code}, or a request was sent`;
    },
  },
  {
    name: 'full file system (tmpfs) while saving',
    posixOnly: 'Windows has no tmpfs',
    reported: 'nothing: the space of the previous generation is used',
    async inject(fixture) {
      const folder = dirname(fixture.file);
      const content = await readFile(fixture.file);
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=96k', 'partner-auth-test', folder]).status !== 0)
        return undefined;
      try {
        const store = fileStore(fixture.file);
        await writeFile(fixture.file, content, { mode: 0o600 });
        fixture.store.interceptNext('write', async () => {
          await writeFile(`${folder}/fill`, Buffer.alloc(1 << 20)).catch(() => undefined);
        });
        const code = await fixture.attempt(() => fixture.session.refresh());
        if (code !== undefined) return `reported ${code}`;
        const saved = await store.read();
        await replaceFile(`${folder}-kept`, JSON.stringify(saved));
        return undefined;
      } finally {
        spawnSync('umount', [folder]);
        await rename(`${folder}-kept`, fixture.file).catch(() => undefined);
      }
    },
  },
  {
    name: 'file size limit (ulimit -f 0)',
    posixOnly: 'Windows has no ulimit',
    reported: '`store`: check free space and permissions',
    async inject(fixture) {
      await fixture.session.close();
      const code = await refreshInProgram(fixture, ['sh', '-c', 'ulimit -f 0; exec "$@"', 'sh']);
      await fixture.restart();
      return code === 'store' ? undefined : `reported ${code}`;
    },
  },
  {
    name: 'read-only folder',
    posixOnly: 'Windows has no file modes',
    reported: '`store`: check free space and permissions',
    async inject(fixture) {
      const folder = dirname(fixture.file);
      // The superuser can write anywhere, so the program runs as nobody.
      const isRoot = process.getuid?.() === 0;
      const giveTo = (user: number): Promise<unknown> =>
        Promise.all([chown(folder, user, user), chown(fixture.file, user, user)]);
      if (isRoot) await giveTo(65_534);
      await chmod(folder, 0o555);
      try {
        const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
        const code = await refreshInProgram(fixture, isRoot ? nobody : []);
        return code === 'store' ? undefined : `reported ${code}`;
      } finally {
        await chmod(folder, 0o700);
        if (isRoot) await giveTo(0);
      }
    },
  },
  {
    name: 'parent folder is a file',
    reported: '`store`: signed in for this process only',
    async inject(fixture) {
      const unsaved = await fixture
        .open({ store: fileStore(`${fixture.file}/deeper/session.json`) })
        .catch(() => undefined);
      if (unsaved === undefined) return undefined;
      const code = await fixture.attempt(() => unsaved.login(fixture.credentials));
      const token = await unsaved.accessToken();
      if (token !== fixture.sandbox.tokens(fixture.partner)?.accessToken) return 'the token was not returned';
      // The session that is stored in the file must still work, although this login is newer.
      return code === 'store' ? undefined : `reported ${code}`;
    },
  },
  {
    name: 'session file with two names (symbolic links)',
    posixOnly: 'links require a privilege on Windows',
    reported: 'nothing: both names lead to one lock',
    async inject(fixture) {
      const link = join(dirname(fixture.file), 'releases');
      await mkdir(link, { mode: 0o700 });
      await symlink(fixture.file, join(link, 'session.json'));
      const other = await fixture.open({ store: fileStore(join(link, 'session.json')) });
      for (let round = 0; round < 3; round++) {
        const codes = await Promise.all([fixture.session, other].map((one) => fixture.attempt(() => one.refresh())));
        if (codes.some((code) => code !== undefined)) return `reported ${codes.join(', ')}`;
        fixture.clock.advance(2_000);
      }
      const [token, others] = [await fixture.session.accessToken(), await other.accessToken()];
      await rm(link, { recursive: true });
      return token === others ? undefined : 'the two sessions have different tokens';
    },
  },
  {
    name: 'session file that is mounted alone',
    posixOnly: 'Windows cannot mount a file',
    reported: 'nothing: the file is written in place',
    async inject(fixture) {
      const outside = `${fixture.file}-outside`;
      await writeFile(outside, await readFile(fixture.file), { mode: 0o600 });
      try {
        using mounted = mount('--bind', outside, fixture.file);
        if (mounted === undefined) return undefined;
        const codes = [await fixture.attempt(() => fixture.session.refresh())];
        await fixture.restart();
        codes.push(await fixture.attempt(() => fixture.session.refresh()));
        return codes.every((code) => code === undefined) ? undefined : `reported ${codes.join(', ')}`;
      } finally {
        await rename(outside, fixture.file);
      }
    },
  },
  {
    name: 'store that was read-only at the sign-in',
    posixOnly: 'Windows has no /proc',
    reported: '`store`: signed in for this process only; refreshes return tokens',
    async inject(fixture) {
      const unsaved = await fixture.open({ store: fileStore(`/proc/${process.pid}/session.json`) });
      const codes = [
        await fixture.attempt(() => unsaved.login(fixture.credentials)),
        await fixture.attempt(() => unsaved.refresh()),
      ];
      if (codes.some((code) => code !== 'store')) return `reported ${codes.join(', ')}`;
      return (await unsaved.accessToken()) === fixture.sandbox.tokens(fixture.partner)?.accessToken
        ? undefined
        : 'the refreshed token was not returned';
    },
  },
  {
    name: 'sign-out from a store whose name starts alike',
    reported: 'nothing',
    async inject(fixture) {
      const other = await fixture.open({ store: fileStore(fixture.file.replace(/\.json$/, '')) });
      await other.login(fixture.credentials);
      await other.signOut();
      return undefined;
    },
  },
  ...[true, false].map((isRunning): Row => ({
    name: `file truncated, ${isRunning ? 'while a program runs' : 'between two programs'}`,
    reported: isRunning
      ? 'nothing: the file is written again'
      : '`store`: the file is set aside; then `refreshInterrupted`; sign in again',
    variants: 4,
    ...(!isRunning && { unrecoverable: ['refreshInterrupted', 'sessionEnded'] }),
    async inject(fixture, variant) {
      await fixture.session.refresh();
      if (!isRunning) await fixture.session.close();
      const content = await readFile(fixture.file, 'utf8');
      await writeFile(fixture.file, content.slice(0, [0, 1, 100, content.length - 3][variant]));
      if (!isRunning) await fixture.restart();
      return undefined;
    },
  })),
  ...[true, false].map((isRunning): Row => ({
    name: `file of two generations ago, ${isRunning ? 'while a program runs' : 'between two programs'}`,
    reported: isRunning
      ? 'nothing: the newer tokens in memory are kept'
      : '`sessionEnded`: the partner rejected the refresh token; sign in again',
    ...(!isRunning && { unrecoverable: ['sessionEnded', 'refreshInterrupted'] }),
    async inject(fixture) {
      const content = await readFile(fixture.file, 'utf8');
      await fixture.session.refresh();
      fixture.clock.advance(1000);
      await fixture.session.refresh();
      if (!isRunning) await fixture.session.close();
      await replaceFile(fixture.file, content);
      if (!isRunning) await fixture.restart();
      return undefined;
    },
  })),
  {
    name: 'file of another origin',
    reported: '`store`: use another store, or sign out there first',
    async inject(fixture) {
      const content = await readFile(fixture.file, 'utf8');
      await replaceFile(fixture.file, content.replace(/"origin":"[^"]+"/, '"origin":"https://other.example"'));
      const before = fixture.sandbox.journal.length;
      const code = await fixture.attempt(() => fixture.session.refresh());
      const hasSent = fixture.sandbox.journal.length > before;
      await replaceFile(fixture.file, content);
      return code === 'store' && !hasSent ? undefined : `reported ${code}${hasSent ? ', and a request was sent' : ''}`;
    },
  },
];
