import type { PartnerDefinition } from '../../../../core/partners/definition.ts';
import { startSandbox } from '../../../../core/sandbox/index.ts';
import { aes } from './openssl.ts';
import { credentialFields, credentials, partnerCode, type AcmePartner } from './acme-partner.ts';

/** JSON envelope, merchant header, hex; errors by status and code; plain responses. */
export const acmeJson: AcmePartner = (() => {
  const key = '30313233343536373839616263646566'.repeat(2);
  const iv = '66656463626139383736353433323130';
  const definition: PartnerDefinition = {
    id: 'acme-pay',
    label: 'Acme Pay',
    headers: { 'X-Merchant': '{partnerCode}', 'X-Api-Version': '2' },
    body: { form: 'encrypted', field: 'payload' },
    credentials: [...credentialFields, { name: 'note', label: 'Note', required: false }],
    login: {
      path: '/acme/v2/session',
      extraFields: { grant_type: 'password', scopes: ['pay'] },
      tokensIn: 'result.tokens',
    },
    refresh: { method: 'PUT', path: '/acme/v2/session/renew', tokenField: 'renewal', tokensIn: 'result' },
    logout: { method: 'DELETE', path: '/acme/v2/session', tokenField: 'renewal' },
    response: {
      success: { field: 'status', equals: 'OK' },
      accessToken: 'access.token',
      refreshToken: 'renewal.token',
      accessExpiry: { field: 'access.ttl', unit: 'seconds' },
      refreshExpiry: { field: 'renewal.ttl', unit: 'seconds' },
      code: 'error.code',
      message: 'error.text',
      correlationId: 'trace',
    },
    errors: [
      { status: 400, code: 'E_CRYPT', message: 'Cannot decrypt', is: 'partnerRefused', setting: 'cipher' },
      { status: 403, code: 'E_MERCHANT', is: 'partnerRefused', setting: 'partnerCode' },
      { on: ['login'], status: 422, code: 'E_FIELDS', is: 'configuration', setting: 'credentials' },
      { on: ['login'], status: 401, code: 'E_LOGIN', is: 'invalidCredentials' },
      { on: ['login', 'refresh'], status: 403, code: 'E_LOCKED', is: 'accountUnavailable' },
      { on: ['refresh'], status: 410, code: 'E_RENEWAL', is: 'sessionEnded' },
      { on: ['request'], status: 401, code: 'E_TOKEN', is: 'tokenRefused' },
    ],
    example: { method: 'POST', path: '/acme/v2/orders', payload: { order: 'A-1' }, safe: true },
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
            cipher: { key, keyFormat: 'hex', iv: { from: 'fixed', value: iv, format: 'hex' } },
          },
        ],
      }),
    encode: (payload, { ciphertext, fields, headers } = {}) => ({
      headers: { 'content-type': 'application/json', 'x-merchant': partnerCode, 'x-api-version': '2', ...headers },
      body: JSON.stringify({
        payload: ciphertext ?? aes('-e', key, iv, JSON.stringify(payload)).toString('hex'),
        ...fields,
      }),
    }),
    decode: ({ json }) => json,
  };
})();
