import type { PartnerDefinition } from '../../../../core/partners/definition.ts';
import { startSandbox } from '../../../../core/sandbox/index.ts';
import { assertDefined, type Json } from '../clients.ts';
import { openssl, tryOpenssl } from './openssl.ts';
import { credentialFields, credentials, partnerCode, type AcmePartner } from './acme-partner.ts';

/** `Salted__` in base64, encrypted responses with expiry times, a one-time code and a captcha; errors by numeric code with HTTP 200. */
export const acmeSalted: AcmePartner = (() => {
  const enc = ['enc', '-aes-256-cbc', '-md', 'md5', '-pass', 'pass:acme-client-secret', '-base64', '-A'];
  const definition: PartnerDefinition = {
    id: 'acme-cloud',
    label: 'Acme Cloud',
    body: { form: 'encrypted', field: 'encryptedPayload', fields: { clientId: 'client-{partnerCode}' } },
    credentials: [...credentialFields, { name: 'otp', label: 'Code', required: false }],
    login: { path: '/cloud/auth', tokensIn: 'data' },
    refresh: { path: '/cloud/auth/refresh', tokenField: 'refresh_token', tokensIn: 'data' },
    oneTimeCode: {
      path: '/cloud/auth/otp',
      tokensIn: 'data.session',
      sessionIn: 'data.ticket',
      sessionField: 'ticket',
      codeField: 'otp',
      lifetime: 300,
    },
    captcha: {
      path: '/cloud/captcha',
      imageIn: 'data.picture',
      ticketIn: 'data.id',
      textField: 'captcha_text',
      ticketField: 'captcha_id',
    },
    response: {
      success: { field: 'code', equals: 0 },
      encryptedIn: 'encrypted',
      accessToken: 'access_token',
      refreshToken: 'refresh_token',
      accessExpiry: { field: 'access_expires', unit: 'rfc3339' },
      refreshExpiry: { field: 'refresh_expires', unit: 'rfc3339' },
      code: 'code',
      message: 'msg',
    },
    errors: [
      { code: 4000, is: 'partnerRefused', setting: 'cipher.key' },
      { code: 4001, is: 'configuration', setting: 'credentials' },
      { on: ['login'], code: 4010, is: 'invalidCredentials' },
      { on: ['login'], code: 4011, message: 'captcha!', is: 'captchaRequired' },
      { on: ['login'], code: 203, is: 'oneTimeCodeRequired' },
      { on: ['oneTimeCode'], code: 4012, is: 'invalidOneTimeCode' },
      { on: ['refresh'], code: 4019, is: 'sessionEnded' },
      { on: ['request'], code: 4010, is: 'tokenRefused' },
      { code: 4030, is: 'accountUnavailable' },
    ],
    example: { method: 'GET', path: '/cloud/balance?currency=VND', safe: true },
  };
  return {
    definition,
    start: (options) =>
      startSandbox({
        ...options,
        definitions: [
          {
            definition,
            partnerCode,
            credentials,
            cipher: { key: 'acme-client-secret', derivation: { evp: 'md5' }, iv: { from: 'salted' }, output: 'base64' },
          },
        ],
      }),
    encode: (payload, { ciphertext, fields, headers } = {}) => ({
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({
        clientId: `client-${partnerCode}`,
        encryptedPayload: ciphertext ?? openssl([...enc, '-salt'], JSON.stringify(payload)).toString(),
        ...fields,
      }),
    }),
    decode: ({ json: { encrypted, ...rest } }) => {
      if (typeof encrypted !== 'string') return rest;
      return JSON.parse(assertDefined(tryOpenssl([...enc, '-d'], encrypted)).toString()) as Json;
    },
  };
})();
