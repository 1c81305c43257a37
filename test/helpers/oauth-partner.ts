import type { PartnerDefinition } from '../../core/index.ts';

/** A plain OAuth 2.0 server with the password grant, described field by field. */
export const oauthPartner: PartnerDefinition = {
  id: 'oauth',
  label: 'OAuth Server',
  body: { form: 'urlencoded' },
  requestBody: { form: 'json' },
  client: { send: 'basic' },
  credentials: [
    { name: 'username', label: 'User', account: true },
    { name: 'password', label: 'Password', secret: true },
  ],
  login: { path: '/token', extraFields: { grant_type: 'password', scope: 'orders' } },
  refresh: { path: '/token', tokenField: 'refresh_token', extraFields: { grant_type: 'refresh_token' } },
  logout: { path: '/revoke', tokenField: 'token', extraFields: { token_type_hint: 'refresh_token' } },
  response: {
    accessToken: 'access_token',
    refreshToken: 'refresh_token',
    accessExpiry: { field: 'expires_in', unit: 'seconds' },
    code: 'error',
    message: 'error_description',
  },
  example: { method: 'GET', path: '/orders', safe: true },
};
