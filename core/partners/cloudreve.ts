import { builtInPartner } from './typed-definition.ts';

const authCalls = ['login', 'oneTimeCode', 'refresh', 'logout'] as const;

/**
 * Cloudreve v4 (source at 4.18.0: routers, pkg/auth/jwt.go, service/user/login.go; api-289504601 for refresh).
 *
 * Every response is HTTP 200; its field `code` states the result. 203, 404 and 401 below are values of that field, not
 * HTTP statuses.
 */
export const cloudreve = builtInPartner({
  id: 'cloudreve',
  label: 'Cloudreve',
  body: { form: 'json' },
  credentials: [
    { name: 'email', label: 'Email', account: true },
    { name: 'password', label: 'Password', secret: true },
  ],
  login: { path: '/api/v4/session/token', tokensIn: 'data.token' },
  refresh: {
    path: '/api/v4/session/token/refresh',
    tokenField: 'refresh_token',
    tokensIn: 'data',
    // pkg/auth/jwt.go: there is no rotation, and a database that is away for a moment is code 40020 like a dead token.
    oldTokenStaysValid: true,
  },
  logout: { method: 'DELETE', path: '/api/v4/session/token', tokenField: 'refresh_token' },
  oneTimeCode: {
    path: '/api/v4/session/token/2fa',
    tokensIn: 'data.token',
    sessionIn: 'data',
    sessionField: 'session_id',
    codeField: 'otp',
    lifetime: 600,
  },
  captcha: {
    path: '/api/v4/site/captcha',
    imageIn: 'data.image',
    ticketIn: 'data.ticket',
    textField: 'captcha',
    ticketField: 'ticket',
    // middleware/captcha.go and service/basic/site.go. The route above has a picture whatever the kind is.
    widgets: {
      pictureMessage: 'CAPTCHA not match.',
      path: '/api/v4/site/config/basic',
      kindIn: 'data.captcha_type',
      pictures: ['normal', 'tcaptcha'],
      kinds: {
        recaptcha: {
          label: 'reCAPTCHA',
          field: 'captcha',
          shownIn: { 'site key': 'data.captcha_ReCaptchaKey' },
          emptyWithoutSecret: true,
        },
        turnstile: { label: 'Turnstile', field: 'ticket', shownIn: { 'site key': 'data.turnstile_site_id' } },
        cap: {
          label: 'Cap',
          field: 'ticket',
          shownIn: { 'site key': 'data.captcha_cap_site_key', server: 'data.captcha_cap_instance_url' },
          incompleteMessage: 'Captcha configuration error',
        },
      },
    },
  },
  response: {
    success: { field: 'code', equals: 0 },
    accessToken: 'access_token',
    refreshToken: 'refresh_token',
    accessExpiry: { field: 'access_expires', unit: 'rfc3339' },
    refreshExpiry: { field: 'refresh_expires', unit: 'rfc3339' },
    code: 'code',
    message: 'msg',
    correlationId: 'correlation_id',
  },
  errors: [
    { on: ['login'], code: 203, is: 'oneTimeCodeRequired' },
    { on: ['login'], code: 40026, is: 'captchaRequired' },
    { on: ['login'], code: 40080, is: 'invalidCredentials' },
    { on: ['login'], code: 40001, is: 'configuration', setting: 'credentials' },
    { on: ['login'], code: 40017, is: 'accountUnavailable' },
    { on: ['login'], code: 40018, is: 'accountUnavailable' },
    { on: ['oneTimeCode'], code: 40022, is: 'invalidOneTimeCode' },
    { on: ['oneTimeCode'], code: 40001, is: 'invalidOneTimeCode' },
    { on: ['oneTimeCode'], code: 404, is: 'invalidOneTimeCode', setting: 'credentials' },
    { on: ['refresh'], code: 40020, is: 'sessionEnded' },
    { on: ['request'], code: 401, is: 'tokenRefused' },
    { on: ['request'], code: 40020, is: 'tokenRefused' },
    // middleware/auth.go reads the caller from the database before each call. Auth calls have none, so that only the database can be away.
    { on: authCalls, code: 50001, is: 'partnerUnavailable' },
    {
      on: ['request'],
      code: 50001,
      is: 'accountUnavailable',
      advice:
        'The account has been blocked, deactivated or deleted, or the database of the server is away. Try again later, then ask its administrator.',
    },
    // pkg/auth/jwt.go: the subject is a hash id. The same code and message are also for an unknown user that a call asks for.
    {
      on: ['request'],
      code: 404,
      message: 'User not found',
      is: 'partnerRefused',
      advice:
        'If the call names no user, the server no longer recognizes the one of the access token, as after a change of its hash salt: sign in again.',
    },
    // pkg/serializer/error.go
    { code: 40019, is: 'partnerRefused', advice: 'Its administrator has turned this feature off.' },
    {
      code: 40087,
      is: 'configuration',
      setting: 'baseUrl',
      advice:
        'The license of the server does not include the host name in baseUrl: use one that it includes, or ask its administrator.',
    },
    {
      code: 40089,
      is: 'partnerRefused',
      advice:
        'The access token was issued to an application without the scope that the message names. Sign in with the email and password.',
    },
    { code: 40090, is: 'rateLimited' },
    ...[50002, 50004, 50005, 50006].map((code) => ({ code, is: 'partnerUnavailable' }) as const),
    // Errors have HTTP status 200, so this is a path that the server does not have.
    { on: authCalls, status: 404, is: 'configuration', setting: 'baseUrl' },
  ],
  example: { method: 'GET', path: '/api/v4/user/capacity', safe: true },
});
