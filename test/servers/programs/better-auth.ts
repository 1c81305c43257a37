/** better-auth with its plugin for bearer tokens, from the packages of the working folder, and a protected resource. */
import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { listen, type InstalledSettings } from './settings.ts';

interface Auth {
  readonly api: {
    signUpEmail(options: { readonly body: object }): Promise<unknown>;
    getSession(options: { readonly headers: Headers }): Promise<object | null>;
  };
}

const { folder, email, password, accessLifetime } = JSON.parse(process.argv[2] ?? '') as InstalledSettings;
const { resolve } = createRequire(join(process.cwd(), 'package.json'));
const load = async <T>(name: string): Promise<T> => (await import(pathToFileURL(resolve(name)).href)) as T;
const { betterAuth } = await load<{ betterAuth(options: object): Auth }>('better-auth');
const { bearer } = await load<{ bearer(): object }>('better-auth/plugins/bearer');
const { toNodeHandler } = await load<{
  toNodeHandler(auth: Auth): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}>('better-auth/node');
const { getMigrations } = await load<{
  getMigrations(options: object): Promise<{ runMigrations(): Promise<void> }>;
}>('better-auth/db/migration');

const file = join(folder, 'data.db');
const isNew = !existsSync(file);
const options = {
  database: new DatabaseSync(file),
  secret: 'a secret of more than 32 characters, for tests',
  baseURL: 'http://127.0.0.1',
  emailAndPassword: { enabled: true },
  session: { expiresIn: accessLifetime },
  plugins: [bearer()],
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
};
const auth = betterAuth(options);
if (isNew) {
  await (await getMigrations(options)).runMigrations();
  await auth.api.signUpEmail({ body: { name: 'Ann', email, password } });
}
const handle = toNodeHandler(auth);
await listen(() => (request, response) => {
  if (request.url === '/orders') void orders(request, response);
  else void handle(request, response);
});

async function orders({ headers }: IncomingMessage, response: ServerResponse): Promise<void> {
  const { authorization = '' } = headers;
  const isValid = (await auth.api.getSession({ headers: new Headers({ authorization }) })) !== null;
  response.writeHead(isValid ? 200 : 401, { 'content-type': 'application/json' });
  response.end(isValid ? '[]' : '{}');
}
