import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definePartner, isPartnerAuthError, type PartnerDefinition } from '../../../core/index.ts';
import { plainCredentials, plainPartner, withPartner } from '../../helpers/with-partner.ts';
import { catchError } from '../../helpers/with-session.ts';
import { withValue } from './definitions.ts';

const rows: readonly (readonly [path: string, value: unknown, message: RegExp])[] = [
  ['body', 'json', /body must be an object, not a string, such as \{ "form": "json" \}/],
  ['body', ['json'], /body.*form/],
  ['body', 'urlencoded', /body must be an object, not a string, such as \{ "form": "urlencoded" \}/],
  ['client', 'body', /client must be an object, not a string, such as \{ "send": "body" \}/],
  ['refresh', 'Login', /refresh must be an object or "login", not a string, such as \{ "path"/],
  ['headers', ['X-Merchant: 1'], /headers must be an object, not a list, such as \{ "X-Merchant"/],
  ['headers', { 'X-Merchant': '${partnerCode}' }, /write \{partnerCode\}, not \$\{partnerCode\}/],
  ['headers', { 'X-Merchant': '<partner-code>' }, /write \{partnerCode\}, not <partner-code>/],
  ['headers', { 'X-Merchant': '%PARTNERCODE%' }, /write \{partnerCode\}, not %PARTNERCODE%/],
  ['response.accessToken', '/data/token', /names joined by dots: write data\.token/],
  ['login.tokensIn', 'header:X-Tokens', /tokensIn must be a field name, or names joined by dots/],
  ['requestBody', 'json', /requestBody must be an object, not a string, such as \{ "form": "json" \}/],
  ['errors', {}, /errors must be a list, not an object, such as \[\{ "on": \["login"\]/],
  ['errors', [401], /errors\.0 must be an object, not a number, such as \{ "on"/],
  [
    'errors',
    [{ on: 'login', status: 401, is: 'invalidCredentials' }],
    /errors\.0\.on must be a list.*such as \["login"\]/,
  ],
  ['login', '/login', /login must be an object, not a string, such as \{ "path": "\/login" \}/],
  ['refresh', '/refresh', /refresh must be an object.*, such as \{ "path": "\/refresh", "tokenField"/],
  ['logout', true, /logout must be an object, not a boolean, such as/],
  ['credentials', { user: 'User' }, /credentials must be a list, not an object, such as/],
  ['credentials', ['user'], /credentials\.0 must be an object, not a string, such as \{ "name"/],
  ['client', 'basic', /client must be an object, not a string, such as \{ "send": "basic" \}/],
  ['tokenHeader', 'X-Auth', /tokenHeader must be an object, not a string, such as \{ "name": "X-Auth"/],
  ['response.success', 'ok', /response\.success must be an object, not a string, such as \{ "field": "ok"/],
  [
    'response.accessExpiry',
    'expires_in',
    /accessExpiry must be an object, not a string, such as \{ "field": "expires_in"/,
  ],
  [
    'login.response',
    { success: true },
    /login\.response\.success must be an object, not a boolean, such as \{ "field"/,
  ],
  ['headers', { 'X-Merchant': '{partner_code}' }, /write \{partnerCode\}, not \{partner_code\}/],
  ['headers', { 'X-Merchant': 'a {{PartnerCode}}' }, /write \{partnerCode\}, not \{\{PartnerCode\}\}/],
  ['headers', { 'X-Merchant': '{merchant}' }, /no placeholder other than \{partnerCode\}\./],
  ['headers', { 'X-Merchant': '${partnerCode}' }, /write \{partnerCode\}, not \$\{partnerCode\}/],
  ['respnse', {}, /respnse is not a known field\. Did you mean "response"\?$/],
  ['response.acessToken', 'token', /Did you mean "accessToken"\?$/],
  ['refresh.tokenFeild', 'token', /Did you mean "tokenField"\?$/],
  ['body', { form: 'urlencode' }, /Did you mean "urlencoded"\?$/],
  ['body', { form: 'application/json' }, /Did you mean "json"\?$/],
  ['client', { send: 'Basic' }, /Did you mean "basic"\?$/],
  ['response.accessExpiry', { field: 'expires', unit: 'sec' }, /Did you mean "seconds"\?$/],
  ['refresh', 'logn', /Did you mean "login"\?$/],
  ['login.path', '/{partnerCode}/login', /no placeholder.*Write the value itself/],
  ['login.path', '/realms/<realm>/token', /no placeholder.*Write the value itself/],
  ['refresh.path', '/tenants/:tenant/token', /no placeholder.*Write the value itself/],
];

describe('a mistake in a definition', () => {
  for (const [path, value, message] of rows) {
    it(`has its own sentence: ${path} ${JSON.stringify(value)}`, async () => {
      const error = await catchError(Promise.resolve().then(() => definePartner(withValue(plainPartner, path, value))));
      assert.ok(isPartnerAuthError(error), String(error));
      assert.equal(error.code, 'configuration');
      assert.match(error.message, message);
      assert.ok(error.setting?.startsWith(`partner.${path}`), error.setting);
    });
  }

  it('in the success marker is explained with what is there', () => {
    const marked = (field: string, equals: string | boolean): PartnerDefinition => ({
      ...plainPartner,
      response: { ...plainPartner.response, success: { field, equals } },
    });
    const tokens = { access: 'a', refresh: 'r', expires: 60, code: 'OK', status: 'success' };
    const cases: readonly (readonly [PartnerDefinition, RegExp])[] = [
      [marked('status', 'ok'), /HTTP 200.*response\.success requires "status" to be "ok", and it is "success"/],
      [marked('state', true), /response\.success requires "state" to be true, and nothing is there/],
    ];
    return Promise.all(
      cases.map(([definition, message]) =>
        withPartner({ definition }, async ({ session, reply }) => {
          reply('/login', { body: tokens });
          await assert.rejects(session.login(plainCredentials), { code: 'partnerRefused', message });
        }),
      ),
    ).then(() => undefined);
  });
});
