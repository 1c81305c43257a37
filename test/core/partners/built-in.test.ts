import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definePartner, partners, type PartnerDefinition } from '../../../core/index.ts';

const names = ({ credentials }: PartnerDefinition): string[] => credentials.map(({ name }) => name);
const secrets = ({ credentials }: PartnerDefinition): string[] =>
  credentials.filter(({ secret }) => secret).map(({ name }) => name);
const accounts = ({ credentials }: PartnerDefinition): string[] =>
  credentials.filter(({ account }) => account).map(({ name }) => name);

describe('built-in partners', () => {
  it('have their id as name', () => {
    for (const [name, { id }] of Object.entries(partners)) assert.equal(id, name);
  });

  it('are plain data that definePartner() accepts unchanged', () => {
    for (const definition of Object.values(partners)) {
      const { parse, stringify } = JSON;
      assert.deepEqual(definePartner(parse(stringify(definition)) as PartnerDefinition), definition);
      assert.ok(Object.isFrozen(definition.response));
    }
  });
});

describe('TCONNECT definition', () => {
  const { tconnect } = partners;

  it('has the documented paths', () => {
    assert.deepEqual(tconnect.login, { path: '/openapi/v1/auth/login' });
    assert.deepEqual(tconnect.refresh, { path: '/openapi/v1/auth/refresh', tokenField: 'refresh_token' });
    assert.equal(tconnect.logout, undefined);
    assert.equal(tconnect.example?.path, '/openapi/v1/transaction/qr');
    assert.deepEqual(
      tconnect.baseUrls?.map(({ url }) => url),
      ['https://sme-open-api-sandbox.tconnect.vn'],
    );
  });

  it('sends the encrypted payload in data, and the header Partner-Code with every call', () => {
    assert.deepEqual(tconnect.body, { form: 'encrypted', field: 'data' });
    assert.equal(tconnect.requestBody, undefined);
    assert.deepEqual(tconnect.headers, { 'Partner-Code': '{partnerCode}' });
  });

  it('has the four documented credentials', () => {
    assert.deepEqual(names(tconnect), ['username', 'password', 'client_id', 'client_secret']);
    assert.deepEqual(secrets(tconnect), ['password', 'client_secret']);
    assert.deepEqual(accounts(tconnect), ['username']);
  });

  it('reads flat tokens with two lifetimes in seconds', () => {
    const { accessToken, refreshToken, accessExpiry, refreshExpiry, encryptedIn, success } = tconnect.response;
    assert.deepEqual([accessToken, refreshToken], ['access_token', 'refresh_token']);
    assert.deepEqual(accessExpiry, { field: 'expires_in', unit: 'seconds' });
    assert.deepEqual(refreshExpiry, { field: 'refresh_expires_in', unit: 'seconds' });
    assert.equal(encryptedIn, undefined);
    assert.equal(success, undefined);
  });

  it('has no rule for an error body, because none is documented', () => {
    for (const rule of tconnect.errors ?? []) {
      assert.equal(rule.code, undefined);
      assert.equal(rule.message, undefined);
    }
  });
});

describe('BizMail definition', () => {
  const { bizmail } = partners;

  it('has the documented paths', () => {
    assert.deepEqual(bizmail.login, { path: '/api/1.0/auth/token' });
    assert.deepEqual(bizmail.refresh, { path: '/api/1.0/auth/refresh', tokenField: 'refresh_token' });
    assert.equal(bizmail.logout, undefined);
    assert.equal(bizmail.example?.path, '/api/1.0/mail/store');
    assert.deepEqual(
      bizmail.baseUrls?.map(({ url }) => url),
      ['https://smtp-api.bizfly.vn'],
    );
  });

  it('sends JSON for login, multipart for a mail, and no extra headers', () => {
    assert.deepEqual(bizmail.body, { form: 'json' });
    assert.deepEqual(bizmail.requestBody, { form: 'multipart' });
    assert.equal(bizmail.headers, undefined);
  });

  it('has the credentials username and password', () => {
    assert.deepEqual(names(bizmail), ['username', 'password']);
    assert.deepEqual(secrets(bizmail), ['password']);
    assert.deepEqual(accounts(bizmail), ['username']);
  });

  it('requires success: true and reads one lifetime, because the refresh token contains the other', () => {
    const { success, accessExpiry, refreshExpiry } = bizmail.response;
    assert.deepEqual(success, { field: 'success', equals: true });
    assert.deepEqual(accessExpiry, { field: 'expires_in', unit: 'seconds' });
    assert.equal(refreshExpiry, undefined);
  });
});

describe('Cloudreve definition', () => {
  const { cloudreve } = partners;

  it('has the routes of version 4.18', () => {
    const { login, refresh, logout, oneTimeCode, captcha } = cloudreve;
    assert.deepEqual(login, { path: '/api/v4/session/token', tokensIn: 'data.token' });
    assert.deepEqual(refresh, {
      path: '/api/v4/session/token/refresh',
      tokenField: 'refresh_token',
      tokensIn: 'data',
      oldTokenStaysValid: true,
    });
    assert.deepEqual(logout, { method: 'DELETE', path: '/api/v4/session/token', tokenField: 'refresh_token' });
    assert.equal(oneTimeCode?.path, '/api/v4/session/token/2fa');
    assert.deepEqual([oneTimeCode.codeField, oneTimeCode.sessionField], ['otp', 'session_id']);
    assert.equal(oneTimeCode.lifetime, 600);
    assert.equal(captcha?.path, '/api/v4/site/captcha');
    assert.deepEqual([captcha.textField, captcha.ticketField], ['captcha', 'ticket']);
  });

  it('sends plain JSON and no extra headers', () => {
    assert.deepEqual(cloudreve.body, { form: 'json' });
    assert.equal(cloudreve.headers, undefined);
    assert.equal(cloudreve.baseUrls, undefined);
  });

  it('has the credentials email and password', () => {
    assert.deepEqual(names(cloudreve), ['email', 'password']);
    assert.deepEqual(secrets(cloudreve), ['password']);
  });

  it('requires code 0 and reads two timestamps', () => {
    const { success, accessExpiry, refreshExpiry, code, message, correlationId } = cloudreve.response;
    assert.deepEqual(success, { field: 'code', equals: 0 });
    assert.deepEqual(accessExpiry, { field: 'access_expires', unit: 'rfc3339' });
    assert.deepEqual(refreshExpiry, { field: 'refresh_expires', unit: 'rfc3339' });
    assert.deepEqual([code, message, correlationId], ['code', 'msg', 'correlation_id']);
  });
});
