import { deepFreeze } from '../lib/validation.ts';
import type { PartnerDefinition } from './definition.ts';

/**
 * Cloudreve v4 (source at 4.18.0: routers, pkg/auth/jwt.go, service/user/login.go; api-289504601 for refresh).
 *
 * Every response is HTTP 200; its field `code` states the result. 203, 404 and 401 below are values of that field, not
 * HTTP statuses.
 */
export const cloudreve = deepFreeze<PartnerDefinition>({
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
    { on: ['login', 'oneTimeCode'], code: 40017, is: 'accountUnavailable' },
    { on: ['login', 'oneTimeCode'], code: 40018, is: 'accountUnavailable' },
    { on: ['oneTimeCode'], code: 40022, is: 'invalidOneTimeCode' },
    { on: ['oneTimeCode'], code: 40001, is: 'invalidOneTimeCode' },
    { on: ['oneTimeCode'], code: 404, is: 'invalidOneTimeCode' },
    { on: ['refresh'], code: 40020, is: 'sessionEnded' },
    { on: ['request'], code: 401, is: 'tokenRefused' },
    { on: ['request'], code: 40020, is: 'tokenRefused' },
    { on: ['request'], code: 50001, is: 'accountUnavailable' },
    { code: 50002, is: 'partnerUnavailable' },
  ],
  example: { method: 'GET', path: '/api/v4/user/capacity', safe: true },
});
