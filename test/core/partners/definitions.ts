import type { PartnerDefinition } from '../../../core/index.ts';

/** A definition with every field. */
export function maximalDefinition(): PartnerDefinition {
  return {
    id: 'acme-2',
    label: 'Ácme Thanh toán',
    baseUrls: [
      { label: 'Staging', url: 'https://staging.acme.example/api' },
      { label: 'Local', url: 'http://127.0.0.1:8080' },
    ],
    headers: { 'X-Partner': 'acme/{partnerCode};v=1', Accept: 'application/json' },
    body: { form: 'encrypted', field: 'data' },
    requestBody: { form: 'multipart' },
    credentials: [
      { name: 'user.name', label: 'User', account: true },
      { name: 'pin', label: 'PIN', secret: true, required: false },
    ],
    login: { method: 'PUT', path: '/v1/login?lang=vi', extraFields: { grant_type: 'password', n: 1 }, tokensIn: 'a.b' },
    refresh: { path: '/v1/refresh', tokenField: 'refresh', extraFields: { deep: { list: [1, null] } }, tokensIn: 'a' },
    logout: { method: 'DELETE', path: '/v1/logout', tokenField: 'refresh' },
    oneTimeCode: {
      method: 'POST',
      path: '/v1/otp',
      tokensIn: 'data',
      sessionIn: 'data.session',
      sessionField: 'session',
      codeField: 'code',
      lifetime: 300,
    },
    captcha: {
      path: '/v1/captcha',
      imageIn: 'data.image',
      ticketIn: 'data.ticket',
      textField: 'captcha',
      ticketField: 'ticket',
    },
    response: {
      success: { field: 'status.ok', equals: true },
      encryptedIn: 'data',
      accessToken: 'access',
      refreshToken: 'refresh',
      accessExpiry: { field: 'expires', unit: 'seconds' },
      refreshExpiry: { field: 'refresh_expires', unit: 'rfc3339' },
      code: 'status.code',
      message: 'status.text',
      correlationId: 'status.id',
    },
    errors: [
      { on: ['login'], code: 'OTP', is: 'oneTimeCodeRequired' },
      { on: ['login'], code: 17, is: 'captchaRequired' },
      { on: ['refresh', 'logout'], status: 401, is: 'sessionEnded' },
      { status: 409, message: 'Wrong code', is: 'partnerRefused', setting: 'partnerCode' },
      { on: ['request', 'oneTimeCode'], status: 401, is: 'tokenRefused' },
    ],
    example: { method: 'POST', path: '/v1/orders', payload: { limit: 1, tags: ['a'] }, safe: true },
  };
}

/** A definition with only the required fields. */
export function minimalDefinition(): PartnerDefinition {
  return {
    id: 'm',
    label: 'M',
    body: { form: 'json' },
    credentials: [{ name: 'token', label: 'Token' }],
    login: { path: '/login' },
    refresh: { path: '/refresh', tokenField: 'r' },
    response: { accessToken: 'a', refreshToken: 'r' },
  };
}

/** A copy with the value at `path` set, or removed if `value` is undefined. */
export function withValue(definition: PartnerDefinition, path: string, value: unknown): PartnerDefinition {
  const copy = structuredClone(definition);
  const names = path.split('.');
  const last = names.pop() as string;
  let target = copy as unknown as Record<string, unknown>;
  for (const name of names) target = target[name] as Record<string, unknown>;
  if (value === undefined) Reflect.deleteProperty(target, last);
  else target[last] = value;
  return copy;
}
