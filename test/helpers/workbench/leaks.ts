import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../../core/sandbox/index.ts';
import type { Workbench } from './workbench.ts';

/** A sandbox that collects every secret exchanged with it. */
export interface Partner extends Sandbox {
  /** Secrets of the accounts and of all requests so far. */
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
      // The ciphertext can be replayed like a password.
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
 * Fails if a secret is in the data folder of VS Code (settings, state, logs) or in its browser storage, as it is or
 * encoded. A canary written to both must be found there and nowhere else, which proves that the search works.
 */
export async function assertNoLeak(workbench: Workbench, secrets: ReadonlySet<string>): Promise<void> {
  assert.ok(secrets.size > 0, 'there must be secrets to search for');
  const canary = `canary-${crypto.randomUUID()}`;
  await writeFile(
    join(workbench.editor.userDataDir, 'canary.log'),
    `2026 [info] ${Buffer.from(canary).toString('base64')}`,
  );
  await workbench.writeBrowserCanary(canary);

  const stored = await readStoredData(workbench);
  const found: string[] = [];
  const needles = [canary, ...secrets].flatMap((secret) => encodings(secret));
  for (const [name, content] of stored) {
    for (const { encoded, secret } of needles) {
      if (content.includes(encoded))
        found.push(`${name}: ${secret === canary ? 'canary' : `${secret.slice(0, 6)}… (${secret.length})`}`);
    }
  }
  assert.deepEqual([...new Set(found)].sort(), ['browser: canary', 'canary.log: canary']);

  const bytes = stored.reduce((sum, [, content]) => sum + content.length, 0);
  console.log(
    `Searched ${stored.length} files with ${(bytes / 1e6).toFixed(1)} MB for ${secrets.size} secrets: none found, and the canary found twice.`,
  );
}

async function readStoredData(workbench: Workbench): Promise<[string, Buffer][]> {
  const stored: [string, Buffer][] = [['browser', Buffer.from(await workbench.browserState())]];
  for (const entry of await readdir(workbench.editor.userDataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    // A running VS Code may delete locks and temporary files in the meantime.
    stored.push([relative(workbench.editor.userDataDir, file), await readFile(file).catch(() => Buffer.alloc(0))]);
  }
  return stored;
}

function encodings(secret: string): { encoded: string; secret: string }[] {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  const variants = new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), base64]);
  return [...variants].map((encoded) => ({ encoded, secret }));
}
