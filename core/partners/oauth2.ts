import { configurationError } from '../lib/errors.ts';
import { assertKnownKeys } from '../lib/validation.ts';
import { definePartner } from './define-partner.ts';
import type { ClientRule, CredentialField, PartnerDefinition, RefreshCall } from './definition.ts';

/** What differs between OAuth 2.0 servers (RFC 6749), for `oauth2Partner()`. */
export interface OAuth2Options {
  /** As in a definition. */
  readonly id: string;
  /** As in a definition. */
  readonly label: string;
  /** Path of the token endpoint below the base URL, such as `/oauth2/token`. */
  readonly tokenPath: string;
  /** Path of the revocation endpoint (RFC 7009). Default: none, so that signing out only discards the tokens locally. */
  readonly revocationPath?: string | undefined;
  /**
   * How a session is signed in. `password`: `login({ username, password })`. `clientCredentials`: `login({})`, and again
   * whenever the token is due. `refreshToken`: `login({ refresh_token })` or `adopt({ refreshToken })`.
   */
  readonly grant: OAuth2Grant;
  /** How the client is sent; the session's option `client` says who it is. Default: none. */
  readonly client?: ClientRule | undefined;
  /** Scopes of the login, separated by spaces. Default: those that the server chooses. */
  readonly scope?: string | undefined;
}

/** How a session of an OAuth 2.0 server is signed in (RFC 6749 sections 4.3, 4.4 and 6). */
export type OAuth2Grant = keyof typeof grants;

const grants = {
  password: {
    grantType: 'password',
    credentials: [
      { name: 'username', label: 'Username', account: true },
      { name: 'password', label: 'Password', secret: true },
    ],
  },
  clientCredentials: { grantType: 'client_credentials', credentials: [] },
  refreshToken: {
    grantType: 'refresh_token',
    credentials: [{ name: 'refresh_token', label: 'Refresh token', secret: true }],
  },
} as const satisfies Record<string, { readonly grantType: string; readonly credentials: readonly CredentialField[] }>;

const knownOptions = ['id', 'label', 'tokenPath', 'revocationPath', 'grant', 'client', 'scope'];

/**
 * The definition of an OAuth 2.0 server. Its errors need no rules.
 *
 * @throws PartnerAuthError `configuration`, as `definePartner()`; `setting` is `grant` for an unknown grant, and `client` for
 * client credentials without a client.
 * @throws TypeError for an unknown option.
 */
export function oauth2Partner(options: OAuth2Options): PartnerDefinition {
  assertKnownKeys('oauth2Partner', options, knownOptions);
  const { id, label, tokenPath, revocationPath, grant, client, scope } = options;
  if (!Object.hasOwn(grants, grant))
    throw configurationError('grant', `grant must be one of ${Object.keys(grants).join(', ')}.`);
  if (grant === 'clientCredentials' && client === undefined)
    throw configurationError('client', "client is missing: with clientCredentials, it is { send: 'basic' } or 'body'.");
  const { grantType, credentials } = grants[grant];
  const refresh: RefreshCall = {
    path: tokenPath,
    tokenField: 'refresh_token',
    extraFields: { grant_type: 'refresh_token' },
  };
  const hasRefreshToken = grant !== 'clientCredentials';
  return definePartner({
    id,
    label,
    body: { form: 'urlencoded' },
    requestBody: { form: 'json' },
    ...(client !== undefined && { client }),
    credentials,
    login: {
      path: tokenPath,
      extraFields: { grant_type: grantType, ...(scope !== undefined && scope !== '' && { scope }) },
    },
    refresh: hasRefreshToken ? refresh : 'login',
    ...(revocationPath !== undefined && {
      logout: {
        path: revocationPath,
        tokenField: 'token',
        extraFields: { token_type_hint: hasRefreshToken ? 'refresh_token' : 'access_token' },
      },
    }),
    response: {
      accessToken: 'access_token',
      ...(hasRefreshToken && { refreshToken: 'refresh_token' }),
      accessExpiry: { field: 'expires_in', unit: 'seconds' },
      // Not of RFC 6749, but Keycloak sends it.
      ...(hasRefreshToken && { refreshExpiry: { field: 'refresh_expires_in', unit: 'seconds' } as const }),
      code: 'error',
      message: 'error_description',
    },
  });
}
