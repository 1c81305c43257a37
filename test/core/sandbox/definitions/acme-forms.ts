import type { PartnerDefinition } from '../../../../core/partners/definition.ts';
import { startSandbox } from '../../../../core/sandbox/index.ts';
import { objectAt, type Json } from '../clients.ts';
import { aes, openssl } from './openssl.ts';
import { credentialFields, credentials, partnerCode, type AcmePartner } from './acme-partner.ts';

/** Form envelope with the merchant's id, query-string payload, upper-case hex, an IV field; errors by message with HTTP 200. */
export const acmeForms: AcmePartner = (() => {
  const key = '000102030405060708090a0b0c0d0e0f';
  const definition: PartnerDefinition = {
    id: 'acme-forms',
    label: 'Acme Forms',
    body: {
      form: 'encrypted',
      field: 'details',
      payload: 'query',
      envelope: 'form',
      fields: { merchant_id: '{partnerCode}', version: '1.0' },
    },
    credentials: credentialFields,
    login: { path: '/forms/login', extraFields: { remember: true } },
    refresh: { path: '/forms/refresh', tokenField: 'refresh' },
    logout: { path: '/forms/logout', tokenField: 'refresh' },
    response: {
      success: { field: 'ok', equals: true },
      encryptedIn: 'reply.details',
      accessToken: 'access',
      refreshToken: 'refresh',
      message: 'why',
    },
    errors: [
      { message: 'unreadable details', is: 'cipher' },
      { message: 'who are you', is: 'configuration', setting: 'partnerCode' },
      { message: 'incomplete', is: 'configuration' },
      { on: ['login'], message: 'no such merchant', is: 'invalidCredentials' },
      { message: 'merchant closed', is: 'accountUnavailable' },
      { on: ['refresh', 'logout'], message: 'start again', is: 'sessionEnded' },
      { on: ['request'], message: 'token please', is: 'tokenRefused' },
    ],
    example: { method: 'POST', path: '/forms/orders', payload: { order: 'A-1' }, safe: true },
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
            cipher: {
              algorithm: 'aes-128-cbc',
              key: Buffer.from(key, 'hex').toString('base64'),
              keyFormat: 'base64',
              iv: { from: 'field', name: 'iv', format: 'hex-upper' },
              output: 'hex-upper',
            },
          },
        ],
      }),
    encode: (payload, { ciphertext, fields, headers } = {}) => {
      const iv = openssl(['rand', '-hex', '16'], '').toString().trim().toUpperCase();
      const query = new URLSearchParams(payload as Record<string, string>).toString();
      const details = ciphertext ?? aes('-e', key, iv, query, 'aes-128-cbc').toString('hex').toUpperCase();
      const envelope = { merchant_id: partnerCode, version: '1.0', details, iv, ...fields };
      const sent = Object.entries<string | undefined>(envelope).filter(
        (field): field is [string, string] => field[1] !== undefined,
      );
      return { headers: { ...headers }, body: new URLSearchParams(sent) };
    },
    decode: ({ json }) => {
      const { details, iv } = objectAt(json, 'reply') ?? {};
      if (typeof details !== 'string' || typeof iv !== 'string') return json;
      return JSON.parse(aes('-d', key, iv, Buffer.from(details, 'hex'), 'aes-128-cbc').toString()) as Json;
    },
  };
})();
