import { builtInPartner } from './typed-definition.ts';

/**
 * TCONNECT Payment Open API (docs.tconnect.vn: login 1.1.0, refresh `next`, QR transactions 1.2.0).
 *
 * Its pages do not describe errors, so the rules below rely on the meaning of the HTTP status alone. Nor do they
 * describe the format of key and IV, which the user states in `cipher`.
 */
export const tconnect = builtInPartner({
  id: 'tconnect',
  label: 'TCONNECT',
  baseUrls: [{ label: 'Staging', url: 'https://sme-open-api-sandbox.tconnect.vn' }],
  headers: { 'Partner-Code': '{partnerCode}' },
  body: { form: 'encrypted', field: 'data' },
  credentials: [
    { name: 'username', label: 'Username (email)', account: true },
    { name: 'password', label: 'Password', secret: true },
    { name: 'client_id', label: 'Client ID' },
    { name: 'client_secret', label: 'Client secret', secret: true },
  ],
  login: { path: '/openapi/v1/auth/login' },
  refresh: { path: '/openapi/v1/auth/refresh', tokenField: 'refresh_token' },
  response: {
    accessToken: 'access_token',
    refreshToken: 'refresh_token',
    accessExpiry: { field: 'expires_in', unit: 'seconds' },
    refreshExpiry: { field: 'refresh_expires_in', unit: 'seconds' },
    code: 'code',
    message: 'message',
  },
  errors: [
    { on: ['login'], status: 401, is: 'invalidCredentials' },
    { on: ['refresh'], status: 401, is: 'sessionEnded' },
    { on: ['request'], status: 401, is: 'tokenRefused' },
    { on: ['login', 'refresh'], status: 403, is: 'partnerRefused', setting: 'partnerCode' },
    { on: ['login', 'refresh'], status: 400, is: 'partnerRefused', setting: 'cipher' },
  ],
  // Get QR, card and cash transactions (1.2.0, 1.3.0, 1.1.0).
  safe: ['qr', 'card', 'cash'].map((kind) => `POST /openapi/v1/transaction/${kind}`),
  example: {
    method: 'POST',
    path: '/openapi/v1/transaction/qr',
    payload: { from_date: '2026-01-01 00:00:00', to_date: '2026-01-31 23:59:59', limit: 10, page: 1 },
    safe: true,
  },
});
