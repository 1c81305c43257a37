import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../../core/sandbox/index.ts';
import type { Workbench } from './workbench.ts';

/** A sandbox for a test with VS Code, with every secret that has passed between the two. */
export interface Partner extends Sandbox {
  secrets(): ReadonlySet<string>;
}

export async function startPartner(options: SandboxOptions = {}): Promise<Partner> {
  const secrets = new Set<string>();
  const add = (value: unknown): void => {
    if (typeof value === 'string' && value.length >= 12) secrets.add(value);
  };
  const sandbox = await startSandbox({
    ...options,
    onRequest({ partner, headers, body, payload }) {
      const { accessToken, refreshToken } = (partner && sandbox.tokens(partner)) ?? {};
      for (const token of [accessToken, refreshToken, headers.authorization?.replace(/^Bearer /, '')]) add(token);
      for (const [name, value] of Object.entries(payload ?? {})) {
        if (/password|secret|token/.test(name)) add(value);
      }
      // The ciphertext, which with a fixed key is as good as a password.
      if (body.startsWith('{')) add((JSON.parse(body) as { data?: unknown }).data);
    },
  });
  const { tconnect, bizmail, cloudreve } = sandbox.profiles;
  const { key, iv } = tconnect.cipher;
  for (const secret of [key, iv.from === 'fixed' ? iv.value : undefined, tconnect.credentials.client_secret])
    add(secret);
  for (const { credentials } of [tconnect, bizmail, cloudreve]) add(credentials.password);
  return Object.assign(sandbox, { secrets: () => secrets });
}

/**
 * Fails if a secret is in the data folder of VS Code (settings, state, logs) or in what it keeps in the browser, as it is
 * or as base64. To prove that the search finds things, a canary is planted in both and must be found, and nowhere else.
 */
export async function assertNoLeak(workbench: Workbench, secrets: ReadonlySet<string>): Promise<void> {
  assert.ok(secrets.size > 0, 'there are secrets to look for');
  const canary = `canary-${crypto.randomUUID()}`;
  await writeFile(join(workbench.userDataDir, 'canary.log'), `2026 [info] ${Buffer.from(canary).toString('base64')}`);
  await workbench.plantInBrowser(canary);

  const places = await placesOf(workbench);
  const found: string[] = [];
  const needles = [canary, ...secrets].flatMap((secret) => spellings(secret));
  for (const [place, content] of places) {
    for (const { text, of } of needles) {
      if (content.includes(text))
        found.push(`${place}: ${of === canary ? 'canary' : `${of.slice(0, 6)}… (${of.length})`}`);
    }
  }
  assert.deepEqual([...new Set(found)].sort(), ['browser: canary', 'canary.log: canary']);

  const bytes = places.reduce((sum, [, content]) => sum + content.length, 0);
  console.log(
    `Searched ${places.length} places with ${(bytes / 1e6).toFixed(1)} MB for ${secrets.size} secrets: none found, and the planted canary twice.`,
  );
}

async function placesOf(workbench: Workbench): Promise<[string, Buffer][]> {
  const places: [string, Buffer][] = [['browser', Buffer.from(await workbench.browserState())]];
  for (const entry of await readdir(workbench.userDataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    // A running VS Code removes locks and temporary files meanwhile.
    places.push([relative(workbench.userDataDir, file), await readFile(file).catch(() => Buffer.alloc(0))]);
  }
  return places;
}

function spellings(secret: string): { text: string; of: string }[] {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  const texts = new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), base64]);
  return [...texts].map((text) => ({ text, of: secret }));
}
