import { builtInPartner } from './typed-definition.ts';

/**
 * BizMail Delivery API 1.0 (docs.bizmail-delivery.bizfly.vn: token, refresh, mail/send).
 *
 * Its pages contradict each other on the content type of the auth calls: three of them state JSON, and the option
 * `bodyForm: 'multipart'` selects the other one. No response field holds the lifetime of the refresh token; it is read
 * from the token's own `exp`.
 */
export const bizmail = builtInPartner({
  id: 'bizmail',
  label: 'BizMail',
  baseUrls: [{ label: 'Production', url: 'https://smtp-api.bizfly.vn' }],
  body: { form: 'json' },
  requestBody: { form: 'multipart' },
  credentials: [
    { name: 'username', label: 'Username', account: true },
    { name: 'password', label: 'Password', secret: true },
  ],
  login: { path: '/api/1.0/auth/token' },
  refresh: { path: '/api/1.0/auth/refresh', tokenField: 'refresh_token' },
  response: {
    success: { field: 'success', equals: true },
    accessToken: 'access_token',
    refreshToken: 'refresh_token',
    accessExpiry: { field: 'expires_in', unit: 'seconds' },
    message: 'message',
  },
  errors: [
    { status: 400, message: 'username and password are required', is: 'configuration', setting: 'credentials' },
    { status: 401, message: 'Invalid credentials', is: 'invalidCredentials' },
    { status: 400, message: 'refresh_token is required', is: 'partnerRefused', setting: 'bodyForm' },
    { on: ['refresh'], status: 401, message: 'Refresh token expired', is: 'sessionEnded' },
    { on: ['refresh'], status: 401, message: 'Invalid refresh token', is: 'sessionEnded' },
    { on: ['refresh'], status: 401, message: 'User not found', is: 'accountUnavailable' },
    { status: 500, message: 'Internal server error', is: 'partnerUnavailable' },
    { on: ['request'], status: 401, is: 'tokenRefused' },
  ],
  example: {
    method: 'POST',
    path: '/api/1.0/mail/store',
    payload: {
      from: 'hello@example.com',
      from_name: 'Partner Auth',
      to: 'you@example.com',
      subject: 'A token at work',
      text: 'Xin chào!',
    },
    safe: false,
  },
});
