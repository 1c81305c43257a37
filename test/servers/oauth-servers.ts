import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import {
  oauth2Partner,
  type ClientRule,
  type OAuth2Grant,
  type OAuth2Options,
  type PartnerDefinition,
} from '../../core/index.ts';
import { exampleDefinition } from './example-definition.ts';
import type { OAuthSettings } from './programs/settings.ts';
import { accessLifetime, type ServerUnderTest } from './server-under-test.ts';
import { startServer } from './start-server.ts';

const clientId = 'shop';
const credentials = { username: 'ann', password: 'correct horse & battery' };

interface OAuthServer extends Pick<ServerUnderTest, 'name' | 'signOut'> {
  /** Default: the one that `oauth2Partner()` makes. */
  readonly partner?: PartnerDefinition;
  readonly npm: string;
  readonly program: URL;
  readonly secret: string;
  readonly reuse: 'accepted' | 'refused' | 'endsSession';
  readonly rotates?: false;
  /** The id of a client that is sent in the body. Default: the same. */
  readonly bodyClient?: string;
  readonly paths: Pick<OAuth2Options, 'tokenPath' | 'revocationPath'>;
}

function oauthServer(server: OAuthServer): ServerUnderTest {
  const { name, npm, program, rotates, reuse, paths } = server;
  const client = { id: clientId, secret: server.secret };
  const partner = (grant: OAuth2Grant, send: ClientRule['send']) =>
    oauth2Partner({ id: 'oauth', label: name, ...paths, grant, client: { send } });
  return {
    name,
    version: versionOf(npm),
    start: (folder) => {
      const { username, password } = credentials;
      const secrets = { username, password, clientId, clientSecret: client.secret };
      const settings: OAuthSettings = {
        ...secrets,
        rotates: rotates ?? true,
        file: join(folder, 'tokens.json'),
        accessLifetime,
      };
      return startServer(program, settings);
    },
    partner: server.partner ?? partner('password', 'basic'),
    options: { client },
    credentials,
    wrong: { credentials: { ...credentials, password: 'wrong' }, code: 'invalidCredentials' },
    protectedPath: '/orders',
    refresh: { reuse, ...(rotates === false && { rotates }) },
    signOut: server.signOut,
    clients: {
      basic: { partner: partner('password', 'basic'), client },
      body: { partner: partner('password', 'body'), client: { ...client, id: server.bodyClient ?? clientId } },
      clientCredentials: { partner: partner('clientCredentials', 'basic'), client },
    },
  };
}

const nodeOAuth = {
  // It does not decode what RFC 6749 section 2.3.1 encodes.
  secret: 's3cret-of-the-shop',
  npm: '@node-oauth/oauth2-server',
  program: new URL('programs/node-oauth.ts', import.meta.url),
  paths: { tokenPath: '/token' },
  signOut: 'none',
} as const;

/** Those whose packages are development dependencies. */
export const oauthServers: readonly ServerUnderTest[] = [
  oauthServer({
    name: 'oidc-provider',
    npm: 'oidc-provider',
    program: new URL('programs/oidc-provider.ts', import.meta.url),
    // With characters that RFC 6749 section 2.3.1 encodes.
    secret: 's3cret: of+the%shop=',
    paths: { tokenPath: '/oauth2/token', revocationPath: '/oauth2/revoke' },
    partner: exampleDefinition('oauth2'),
    bodyClient: `${clientId}-body`,
    reuse: 'endsSession',
    signOut: 'revokes',
  }),
  oauthServer({ ...nodeOAuth, name: 'node-oauth', reuse: 'refused' }),
  oauthServer({ ...nodeOAuth, name: 'node-oauth without rotation', reuse: 'accepted', rotates: false }),
];

function versionOf(npm: string): string {
  const path = createRequire(import.meta.url).resolve(`${npm}/package.json`);
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string }).version;
}
