import { spawnSync } from 'node:child_process';
import { chmod, chown, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileStore } from '../../../../core/index.ts';
import { runProgram } from '../../../helpers/run-program.ts';
import { hasNewTokens } from '../../../helpers/fault-injecting-store.ts';
import type { Row } from '../trial.ts';
import type { Scene } from '../scene.ts';

const refreshOnce = fileURLToPath(new URL('../refresh-once.ts', import.meta.url));

/** Replaces the file as a restored backup would. */
async function putBack(scene: Scene, content: string): Promise<void> {
  await writeFile(`${scene.file}.backup`, content, { mode: 0o600 });
  await rename(`${scene.file}.backup`, scene.file);
}

/** A refresh in a program of its own that finds its disk as `prefix` leaves it; returns what it was told. */
async function elsewhere(scene: Scene, prefix: readonly string[]): Promise<string> {
  // Read through a type without the partners' differences.
  const profile: { partnerCode?: string; cipher?: unknown } = scene.sandbox.profiles[scene.partner];
  const { partnerCode, cipher } = profile;
  const options = { partner: scene.partner, partnerCode, cipher, baseUrl: `http://127.0.0.1:${scene.line.port}` };
  const program = prefix[0] ?? process.execPath;
  const args = prefix.length > 0 ? [...prefix.slice(1), process.execPath, refreshOnce] : [refreshOnce];
  const { stdout, stderr } = await runProgram(program, args, {
    env: { TASK: JSON.stringify({ file: scene.file, options }) },
  });
  scene.places.add('output of a program', stdout + stderr);
  return stdout.trim();
}

export const storeRows: readonly Row[] = [
  {
    name: 'disk full for a moment while saving',
    told: 'nothing: saved again under the lock',
    async provoke(scene) {
      let left = 2;
      scene.store.failWrites((record) => hasNewTokens(record) && left-- > 0);
      const code = await scene.attempt(() => scene.session.refresh());
      return code === undefined ? undefined : `told ${code}`;
    },
  },
  {
    name: 'disk full or read-only while saving, for long',
    told: '`store`; the token is handed out, and saved when there is room',
    async provoke(scene) {
      scene.store.failWrites(hasNewTokens);
      const code = await scene.attempt(() => scene.session.refresh());
      const token = await scene.session.accessToken();
      if (token !== scene.sandbox.tokens(scene.partner)?.accessToken) return 'the new token was not handed out';
      return code === 'store' ? undefined : `told ${code}`;
    },
  },
  {
    name: 'disk full before asking',
    told: '`store`: nothing was refreshed',
    async provoke(scene) {
      scene.store.failWrites(() => true);
      const before = scene.refreshes();
      const code = await scene.attempt(() => scene.session.refresh());
      return code === 'store' && scene.refreshes() === before ? undefined : `told ${code}, or the partner was asked`;
    },
  },
  {
    name: 'a really full disk (tmpfs) while saving',
    told: 'nothing: the room of the generation before is used',
    async provoke(scene) {
      const folder = dirname(scene.file);
      const content = await readFile(scene.file);
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=96k', 'partner-auth-test', folder]).status !== 0)
        return undefined;
      try {
        const store = fileStore(scene.file);
        await writeFile(scene.file, content, { mode: 0o600 });
        scene.store.interceptNext('write', async () => {
          await writeFile(`${folder}/fill`, Buffer.alloc(1 << 20)).catch(() => undefined);
        });
        const code = await scene.attempt(() => scene.session.refresh());
        if (code !== undefined) return `told ${code}`;
        const saved = await store.read();
        await putBack({ ...scene, file: `${folder}-kept` }, JSON.stringify(saved));
        return undefined;
      } finally {
        spawnSync('umount', [folder]);
        await rename(`${folder}-kept`, scene.file).catch(() => undefined);
      }
    },
  },
  {
    name: 'file size limit (ulimit -f 0)',
    told: '`store`: check free space and permissions',
    async provoke(scene) {
      await scene.session.close();
      const told = await elsewhere(scene, ['sh', '-c', 'ulimit -f 0; exec "$@"', 'sh']);
      await scene.restart();
      return told === 'store' ? undefined : `told ${told}`;
    },
  },
  {
    name: 'read-only folder',
    told: '`store`: check free space and permissions',
    async provoke(scene) {
      const folder = dirname(scene.file);
      // The superuser may write everywhere, so the program runs as nobody.
      const root = process.getuid?.() === 0;
      if (root) await Promise.all([chown(folder, 65_534, 65_534), chown(scene.file, 65_534, 65_534)]);
      await chmod(folder, 0o555);
      try {
        const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
        const told = await elsewhere(scene, root ? nobody : []);
        return told === 'store' ? undefined : `told ${told}`;
      } finally {
        await chmod(folder, 0o700);
      }
    },
  },
  {
    name: 'the folder of the file is a file',
    told: '`store`: signed in for this process only',
    async provoke(scene) {
      const lost = await scene.open({ store: fileStore(`${scene.file}/deeper/session.json`) }).catch(() => undefined);
      if (lost === undefined) return undefined;
      const code = await scene.attempt(() => lost.login(scene.credentials));
      const token = await lost.accessToken();
      if (token !== scene.sandbox.tokens(scene.partner)?.accessToken) return 'the token was not handed out';
      // To the verification this was the last sign-in; the one in the file must still work.
      return code === 'store' ? undefined : `told ${code}`;
    },
  },
  ...[true, false].map((running): Row => ({
    name: `file truncated, ${running ? 'while a program runs' : 'between two programs'}`,
    told: running ? 'nothing: written anew' : '`store`: set aside; then `refreshInterrupted`; sign in again',
    variants: 4,
    ...(!running && { unsavable: ['refreshInterrupted', 'sessionEnded'] }),
    async provoke(scene, variant) {
      await scene.session.refresh();
      if (!running) await scene.session.close();
      const content = await readFile(scene.file, 'utf8');
      await writeFile(scene.file, content.slice(0, [0, 1, 100, content.length - 3][variant]));
      if (!running) await scene.restart();
      return undefined;
    },
  })),
  ...[true, false].map((running): Row => ({
    name: `file two generations old, ${running ? 'while a program runs' : 'between two programs'}`,
    told: running
      ? 'nothing: goes on with the newer one'
      : '`sessionEnded`: the partner refused the refresh token; sign in again',
    ...(!running && { unsavable: ['sessionEnded', 'refreshInterrupted'] }),
    async provoke(scene) {
      const content = await readFile(scene.file, 'utf8');
      await scene.session.refresh();
      scene.clock.advance(1000);
      await scene.session.refresh();
      if (!running) await scene.session.close();
      await putBack(scene, content);
      if (!running) await scene.restart();
      return undefined;
    },
  })),
  {
    name: 'file of another origin',
    told: '`store`: use another store, or sign out there first',
    async provoke(scene) {
      const content = await readFile(scene.file, 'utf8');
      await putBack(scene, content.replace(/"origin":"[^"]+"/, '"origin":"https://other.example"'));
      const before = scene.sandbox.journal.length;
      const code = await scene.attempt(() => scene.session.refresh());
      const asked = scene.sandbox.journal.length > before;
      await putBack(scene, content);
      return code === 'store' && !asked ? undefined : `told ${code}${asked ? ', and tokens were sent' : ''}`;
    },
  },
];
