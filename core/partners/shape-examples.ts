const response = '{ "accessToken": "access_token", "refreshToken": "refresh_token" }';
const expiry = '{ "field": "expires_in", "unit": "seconds" }';
const success = '{ "field": "ok", "equals": true }';
const query = '{ "form": "encrypted", "field": "data" }';

/** What belongs into a definition, by path; `*` is an index of a list. */
const examples: Readonly<Record<string, string>> = {
  baseUrls: '[{ "label": "Production", "url": "https://api.acme.example" }]',
  'baseUrls.*': '{ "label": "Production", "url": "https://api.acme.example" }',
  headers: '{ "X-Merchant": "{partnerCode}" }',
  tokenHeader: '{ "name": "X-Auth", "value": "{accessToken}" }',
  body: '{ "form": "json" }',
  requestBody: '{ "form": "json" }',
  requestQuery: query,
  client: '{ "send": "basic" }',
  credentials: '[{ "name": "username", "label": "Username" }]',
  'credentials.*': '{ "name": "username", "label": "Username" }',
  'body.form': '"json"',
  'requestBody.form': '"json"',
  'client.send': '"basic"',
  login: '{ "path": "/login" }',
  'login.path': '"/login"',
  'refresh.path': '"/refresh"',
  'logout.path': '"/logout"',
  refresh: '{ "path": "/refresh", "tokenField": "refresh_token" }',
  logout: '{ "path": "/logout", "tokenField": "refresh_token" }',
  response,
  'response.accessToken': '"access_token" or "data.token"',
  'response.success.equals': 'true or "OK"',
  'response.success': success,
  'response.accessExpiry': expiry,
  'response.refreshExpiry': expiry,
  errors: '[{ "on": ["login"], "status": 401, "is": "invalidCredentials" }]',
  'errors.*': '{ "on": ["login"], "status": 401, "is": "invalidCredentials" }',
  'errors.*.on': '["login"]',
  example: '{ "method": "GET", "path": "/me", "safe": true }',
};

/** The field of an object whose value is often given in place of the object, by path. */
const mainFields: Readonly<Record<string, readonly [name: string, values: readonly unknown[]]>> = {
  body: ['form', ['json', 'multipart', 'urlencoded']],
  requestBody: ['form', ['json', 'multipart', 'urlencoded']],
  client: ['send', ['basic', 'body']],
};

/** @param given what is there in its place. */
export function shapeExample(path: string, given?: unknown): string | undefined {
  const [name, values = []] = (Object.hasOwn(mainFields, path) ? mainFields[path] : undefined) ?? [];
  if (values.includes(given)) return `{ "${name}": ${JSON.stringify(given)} }`;
  const general = path
    .replace(/\.\d+(?=\.|$)/g, '.*')
    .replace(/^(?:login|oneTimeCode|refresh|logout)\.(?=response)/, '');
  return Object.hasOwn(examples, general) ? examples[general] : undefined;
}
