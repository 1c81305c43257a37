import { exampleDefinition } from './example-definition.ts';
import { install, type Packages } from './install.ts';
import type { InstalledSettings } from './programs/settings.ts';
import { accessLifetime, type ServerUnderTest } from './server-under-test.ts';
import { startServer } from './start-server.ts';

const email = 'ann@example.com';
const password = 'correct horse & battery';

interface InstalledServer extends Pick<ServerUnderTest, 'name' | 'protectedPath' | 'refresh' | 'statesLifetime'> {
  /** Of its example, its program and its folder. */
  readonly id: string;
  /** The first is the one whose version counts. */
  readonly packages: Packages;
  /** The credential for the email address. Default `email`. */
  readonly account?: string;
}

/** Those that `npm run test:servers` installs. Their definitions are the files of `core/partners/examples/`. */
const servers: readonly InstalledServer[] = [
  {
    ...{ id: 'directus', name: 'Directus', protectedPath: '/users/me', refresh: { reuse: 'refused' } },
    packages: { directus: '11.17.4', sqlite3: '5.1.7' },
  },
  {
    ...{ id: 'strapi', name: 'Strapi', protectedPath: '/api/users/me', refresh: { reuse: 'refused' } },
    packages: {
      ...{ '@strapi/strapi': '5.54.0', '@strapi/plugin-users-permissions': '5.54.0', 'better-sqlite3': '12.11.1' },
    },
    account: 'identifier',
  },
  {
    ...{ id: 'better-auth', name: 'better-auth', protectedPath: '/orders', statesLifetime: false },
    packages: { 'better-auth': '1.7.25' },
  },
];

export const installedServers: readonly ServerUnderTest[] = servers.map((server) => {
  const { id, packages, account = 'email', ...rest } = server;
  const credentials = { [account]: email, password };
  const [version = ''] = Object.values(packages);
  return {
    ...rest,
    version,
    async start(folder) {
      const { folder: cwd, execPath } = await install(id, packages);
      const settings: InstalledSettings = { folder, email, password, accessLifetime };
      const program = new URL(`programs/${id}.ts`, import.meta.url);
      return startServer(program, settings, { cwd, execPath, timeout: 300_000 });
    },
    partner: exampleDefinition(id),
    credentials,
    wrong: { credentials: { ...credentials, password: 'wrong' }, code: 'invalidCredentials' },
    signOut: 'revokes',
  };
});
