import { readFile } from 'node:fs/promises';
import { openProfileStore, SessionPool } from '../../core/profiles/index.ts';
import { silentLogger } from '../../core/lib/logger.ts';
import { fakeSecretStore, type FakeSecretStore } from './fake-secret-store.ts';

/** The sessions of profiles with their secrets in memory, and what windows share in a folder. */
export function openPool(folder: string, secrets: FakeSecretStore = fakeSecretStore()): SessionPool {
  const log = silentLogger;
  return new SessionPool({
    openStore: (profile) => openProfileStore(profile, { secrets, folder, log, secretsAreVolatile: () => false }),
    readFile: (path) => readFile(path),
    log,
    autoRefresh: () => false,
    refreshMargin: () => 300,
    globalAgent: true,
  });
}
