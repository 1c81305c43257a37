import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { measure } from '../bench/measure/fresh-process.ts';
import { loadedModules } from '../bench/measure/loaded-modules.ts';
import { overBudget } from '../bench/report/budget.ts';
import { startAuthServer } from '../bench/environment/auth-server.ts';
import { root } from '../helpers/tarball.ts';

// Only counts and sizes of the build. Speed is measured by `npm run bench`, because a test would be flaky.
const core = pathToFileURL(join(root, 'dist/core/index.js')).href;
const bundle = join(root, 'dist/extension.cjs');

const assertWithinBudget = (figures: Readonly<Record<string, number>>): void =>
  assert.deepEqual(overBudget(figures), []);

describe('budget (test/bench/budget.json)', () => {
  it('limits the size of extension and library', async () => {
    const code = await readFile(bundle);
    const names = await readdir(join(root, 'dist/core'), { recursive: true });
    const files = names.filter((name) => name.endsWith('.js')).map((name) => stat(join(root, 'dist/core', name)));
    const size = (await Promise.all(files)).reduce((sum, file) => sum + file.size, 0);
    assertWithinBudget({ 'size bundle': code.length, 'size bundle gzip': gzipSync(code).length, 'size core': size });
  });

  it('allows one request and one connection for 1,000 concurrent callers at expiry', async () => {
    await using server = await startAuthServer();
    const options = { core, url: server.url, callers: 1000 };
    await measure({ label: '', module: 'storm.ts', name: 'Partner Auth', options });
    assert.deepEqual(server.counts(), { requests: 1, connections: 1, handshakes: 0 });
  });

  it('allows one connection and one TLS handshake for a login and many refreshes', async () => {
    await using server = await startAuthServer({ secure: true });
    const options = { core, url: server.url, ca: server.ca, refreshes: 8 };
    await measure({ label: '', module: 'exchange.ts', name: 'Partner Auth', options });
    assert.deepEqual(server.counts(), { requests: 11, connections: 1, handshakes: 1 });
  });

  it('limits the timers and wake-ups of an idle session', async () => {
    const { timers, wakeUps } = await measure({ label: '', module: 'idle.ts', name: 'session', options: { core } });
    assertWithinBudget({ 'idle timers of a session': timers ?? NaN, 'idle wake-ups of a session': wakeUps ?? NaN });
  });

  it('limits the wake-ups of an extension with ten open sessions', async () => {
    const options = { core, bundle, profiles: 10, useTokens: true };
    const { wakeUps } = await measure({ label: '', module: 'idle.ts', name: 'extension', options });
    assertWithinBudget({ 'idle wake-ups of the extension with 10 opened sessions': wakeUps ?? NaN });
  });
});

describe('loaded modules', () => {
  const heavy =
    /^(?:got|node-forge|internal\/deps\/undici\/undici|internal\/crypto\/cipher|internal\/fs\/(?:promises|streams))$/;

  it("contain neither got, node-forge nor Node's fetch, crypto and file modules after the import of core", async () => {
    assert.deepEqual(
      (await loadedModules(core)).filter((name) => heavy.test(name)),
      [],
    );
  });

  it('contain none of them while a session returns a valid token', async () => {
    const program = `
      const baseUrl = 'http://127.0.0.1:9';
      const store = core.memoryStore();
      const tokens = { accessToken: 'a', issuedAt: Date.now(), accessExpiresAt: Date.now() + 3_600_000 };
      await store.write({ version: 1, sessionId: 's', generation: 1, partner: 'bizmail', origin: baseUrl, tokens });
      const session = await core.openSession({ partner: 'bizmail', baseUrl, store, autoRefresh: true });
      if (await session.accessToken() !== 'a') throw new Error('The token is missing.');
      await session.close();`;
    assert.deepEqual(
      (await loadedModules(core, program)).filter((name) => heavy.test(name)),
      [],
    );
  });

  it('contain got once a session signs in', async () => {
    const program = `
      const session = await core.openSession({ partner: 'bizmail', baseUrl: 'http://127.0.0.1:9', timeout: 50 });
      await session.login({ username: 'u', password: 'p' }).catch(() => undefined);
      await session.close();`;
    assert.ok((await loadedModules(core, program)).includes('got'));
  });
});
