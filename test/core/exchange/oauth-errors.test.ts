import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { partners, type PartnerDefinition } from '../../../core/index.ts';
import type { CallKind } from '../../../core/partners/definition.ts';
import { oauthPartner } from '../../helpers/oauth-partner.ts';
import { plainPartner } from '../../helpers/with-partner.ts';
import { interpret, response, summarize } from './responses.ts';

const error = (code: string): object => ({ error: code, error_description: 'no' });
const withoutRules: PartnerDefinition = { ...plainPartner, errors: [] };
const bearer = (text: string) => ({ 'www-authenticate': text });
const own = { code: 'X', error: 'X' };
const challenge = (code: string) => ({ 'www-authenticate': `Bearer realm="shop", error="${code}"` });

type Row = readonly [call: CallKind, status: number, body: object | string, expected: string];

describe('an error of an OAuth 2.0 server that no rule matches', () => {
  const rows: readonly Row[] = [
    ['refresh', 400, error('invalid_grant'), 'sessionEnded'],
    ['refresh', 401, error('invalid_grant'), 'sessionEnded'],
    ['login', 400, error('invalid_grant'), 'invalidCredentials'],
    ['oneTimeCode', 400, error('invalid_grant'), 'invalidOneTimeCode'],
    ['login', 401, error('invalid_client'), 'configuration (client)'],
    ['refresh', 400, error('invalid_client'), 'configuration (client)'],
    ['refresh', 400, error('unauthorized_client'), 'configuration (client)'],
    ['login', 400, error('invalid_scope'), 'configuration (partner.login.extraFields.scope)'],
    ['refresh', 400, error('invalid_scope'), 'configuration (extraFields.refresh.scope)'],
    ['login', 400, error('unsupported_grant_type'), 'configuration (partner.login.extraFields.grant_type)'],
    ['refresh', 400, error('slow_down'), 'rateLimited'],
    ['refresh', 400, error('temporarily_unavailable'), 'partnerUnavailable'],
    ['login', 400, error('something_else'), 'partnerRefused'],
    // Other statuses, and what is not JSON, may come from a gateway.
    ['refresh', 403, error('invalid_grant'), 'partnerRefused'],
    ['refresh', 503, error('invalid_grant'), 'partnerUnavailable'],
    ['refresh', 400, 'invalid_grant', 'invalidResponse'],
  ];
  for (const [call, status, body, expected] of rows) {
    it(`is ${expected} for the ${call} with HTTP ${status} ${JSON.stringify(body)}`, () => {
      assert.equal(summarize(interpret(oauthPartner, call, response(status, body))), expected);
    });
  }

  it('means the same to a partner with a client or a form body, whatever fields it names', () => {
    const { code: _, message: __, ...shape } = plainPartner.response;
    for (const change of [{ body: { form: 'urlencoded' } }, { client: { send: 'body' } }] as const) {
      const definition: PartnerDefinition = { ...withoutRules, ...change, response: shape };
      assert.equal(summarize(interpret(definition, 'refresh', response(400, error('invalid_grant')))), 'sessionEnded');
    }
  });

  it('means nothing to other partners, such as one behind a gateway', () => {
    assert.equal(
      summarize(interpret(withoutRules, 'refresh', response(400, error('invalid_grant')))),
      'invalidResponse',
    );
    assert.equal(
      summarize(interpret(partners.tconnect, 'refresh', response(401, error('invalid_grant')))),
      'invalidResponse',
    );
  });

  it('is what a rule says, if one matches', () => {
    const definition: PartnerDefinition = {
      ...oauthPartner,
      errors: [{ on: ['refresh'], code: 'invalid_grant', is: 'accountUnavailable' }],
    };
    const found = interpret(definition, 'refresh', response(400, error('invalid_grant')));
    assert.equal(summarize(found), 'accountUnavailable');
  });

  it('may be in WWW-Authenticate', () => {
    const byBearer: PartnerDefinition = {
      ...withoutRules,
      body: { form: 'urlencoded' },
      refresh: { path: '/refresh', authorization: 'refreshToken' },
    };
    const found = interpret(byBearer, 'refresh', response(401, { code: 1 }, challenge('invalid_token')));
    assert.equal(summarize(found), 'sessionEnded');
  });

  it('is reported with the status that was received', () => {
    const found = interpret(oauthPartner, 'refresh', response(400, error('slow_down')));
    assert.ok(found.kind === 'failure');
    assert.match(found.error.message, /limits the number of calls \(HTTP 400, code slow_down\)/);
  });

  it('says to check the client', () => {
    const found = interpret(oauthPartner, 'login', response(401, error('invalid_client')));
    assert.ok(found.kind === 'failure');
    assert.match(found.error.message, /refused the login \(HTTP 401, code invalid_client\).*Check the option client/);
  });

  it('says that HTTP Basic may not be decoded, if the client is sent so', () => {
    for (const send of ['basic', 'body'] as const) {
      const found = interpret({ ...oauthPartner, client: { send } }, 'login', response(401, error('invalid_client')));
      assert.ok(found.kind === 'failure');
      assert.equal(found.error.message.includes("HTTP Basic: if there are any, try send: 'body'"), send === 'basic');
    }
  });
});

describe('a protected call that no rule matches', () => {
  for (const definition of [withoutRules, oauthPartner]) {
    const rows: readonly (readonly [status: number, body: object | string, headers: Record<string, string>, string])[] =
      [
        [401, '', {}, 'tokenRefused'],
        [401, '<html>', {}, 'tokenRefused'],
        [401, { code: 'X' }, {}, 'tokenRefused'],
        [400, '', challenge('invalid_token'), 'tokenRefused'],
        [403, '', challenge('invalid_token'), 'tokenRefused'],
        [403, { code: 'X', error: 'X' }, challenge('insufficient_scope'), 'partnerRefused'],
        [401, { code: 'X', error: 'X' }, challenge('insufficient_scope'), 'partnerRefused'],
        [403, '', bearer('bearer Error = invalid_token'), 'tokenRefused'],
        [403, '', bearer('Basic realm="a", Bearer realm="b, c", error="invalid_token"'), 'tokenRefused'],
        [401, '', bearer('Bearer realm="error=insufficient_scope", error="invalid_token"'), 'tokenRefused'],
        [403, own, bearer('Basic realm="Bearer error=invalid_token"'), 'partnerRefused'],
        [403, own, bearer('Bearer realm="b", DPoP error="invalid_token"'), 'partnerRefused'],
        [403, { code: 'X', error: 'X' }, {}, 'partnerRefused'],
      ];
    for (const [status, body, headers, expected] of rows) {
      it(`of ${definition.label} with HTTP ${status} ${JSON.stringify({ body, ...headers })} is ${expected}`, () =>
        assert.equal(summarize(interpret(definition, 'request', response(status, body, headers))), expected));
    }
  }

  it('is not refreshed if a rule says what its 401 means', () => {
    const definition: PartnerDefinition = {
      ...plainPartner,
      errors: [{ on: ['request'], status: 401, code: 'QUOTA', is: 'rateLimited' }],
    };
    assert.equal(summarize(interpret(definition, 'request', response(401, { code: 'QUOTA' }))), 'rateLimited');
  });
});
