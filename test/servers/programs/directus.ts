/** Directus from the packages of the working folder, set up in the folder of its settings at the first start. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Listening } from '../start-server.ts';
import type { InstalledSettings } from './settings.ts';

const settings = JSON.parse(process.argv[2] ?? '') as InstalledSettings;
const { resolve } = createRequire(join(process.cwd(), 'package.json'));
const database = join(settings.folder, 'data.db');
Object.assign(process.env, {
  DB_CLIENT: 'sqlite3',
  DB_FILENAME: database,
  SECRET: 'a secret of more than 32 characters, for tests',
  ADMIN_EMAIL: settings.email,
  ADMIN_PASSWORD: settings.password,
  ACCESS_TOKEN_TTL: `${settings.accessLifetime}s`,
  // Otherwise it prefers the one in the working folder.
  CONFIG_PATH: join(settings.folder, '.env'),
  EXTENSIONS_PATH: join(settings.folder, 'extensions'),
  STORAGE_LOCAL_ROOT: join(settings.folder, 'uploads'),
  LOG_LEVEL: 'warn',
  TELEMETRY: 'false',
  SERVE_APP: 'false',
  HOST: '127.0.0.1',
});
if (!existsSync(database)) {
  const cli = resolve('@directus/api/cli/run.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'bootstrap'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`Directus could not be set up:\n${stdout}${stderr}`);
}
const { createServer } = (await import(pathToFileURL(resolve('@directus/api/server')).href)) as {
  createServer(): Promise<Server>;
};
const server = await createServer();
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port } satisfies Listening);
});
