/** Strapi from the packages of the working folder, set up in the folder of its settings at the first start. */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Listening } from '../start-server.ts';
import type { InstalledSettings } from './settings.ts';

interface Query {
  findOne(options: object): Promise<{ readonly id: number } | null>;
}

interface Strapi {
  start(): Promise<void>;
  readonly server: { readonly httpServer: Server };
  readonly db: { query(model: string): Query };
  plugin(name: string): { service(name: string): { add(user: object): Promise<unknown> } };
}

const settings = JSON.parse(process.argv[2] ?? '') as InstalledSettings;
const { folder, email, password, accessLifetime } = settings;
const isNew = !existsSync(join(folder, 'package.json'));
process.env.STRAPI_TELEMETRY_DISABLED = 'true';
// In development, it loads the sources of its administration.
process.env.NODE_ENV = 'production';

const secret = 'a secret of more than 32 characters, for tests';
const config: Readonly<Record<string, object>> = {
  admin: {
    serveAdminPanel: false,
    auth: { secret },
    apiToken: { salt: secret },
    transfer: { token: { salt: secret } },
    secrets: { encryptionKey: secret },
  },
  database: {
    connection: { client: 'sqlite', connection: { filename: join(folder, 'data.db') }, useNullAsDefault: true },
  },
  plugins: {
    'users-permissions': {
      config: {
        jwtSecret: secret,
        jwtManagement: 'refresh',
        sessions: { accessTokenLifespan: accessLifetime },
        ratelimit: { enabled: false },
      },
    },
  },
  server: { host: '127.0.0.1', port: 0, app: { keys: [secret] }, logger: { updates: { enabled: false } } },
};
if (isNew) {
  for (const name of ['config', 'public/uploads', 'src/api']) mkdirSync(join(folder, name), { recursive: true });
  // Plugins are found by the dependencies of the application.
  const dependencies = { '@strapi/plugin-users-permissions': '*', 'better-sqlite3': '*' };
  const manifest = { name: 'app', version: '1.0.0', dependencies, strapi: { uuid: false } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  for (const [name, value] of Object.entries(config))
    writeFileSync(join(folder, 'config', `${name}.js`), `module.exports = ${JSON.stringify(value)};`);
  symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'), 'junction');
}
const { createStrapi } = createRequire(join(process.cwd(), 'package.json'))('@strapi/strapi') as {
  createStrapi(options: object): Strapi;
};
process.chdir(folder);
const strapi = createStrapi({ appDir: folder, distDir: folder });
await strapi.start();
if (isNew) {
  const role = await strapi.db.query('plugin::users-permissions.role').findOne({ where: { type: 'authenticated' } });
  const user = { username: 'ann', email, password, provider: 'local', confirmed: true, role: role?.id };
  await strapi.plugin('users-permissions').service('user').add(user);
}
const { port } = strapi.server.httpServer.address() as AddressInfo;
process.send?.({ port } satisfies Listening);
