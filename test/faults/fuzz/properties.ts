import fc from 'fast-check';
import {
  createCipher,
  decodeToken,
  definePartner,
  parseStoredRecord,
  partners,
  type CipherSettings,
  type PartnerDefinition,
  type SessionOptions,
} from '../../../core/index.ts';
import { classify } from '../../../core/exchange/classify.ts';
import { decodeResponse } from '../../../core/exchange/decode-response.ts';
import { responseError } from '../../../core/exchange/response-error.ts';
import { authCallOf } from '../../../core/partners/renewal.ts';
import { readTokenSet } from '../../../core/exchange/token-response.ts';
import { responseShapeOf } from '../../../core/partners/response-shape.ts';
import { createRedactor } from '../../../core/redact/redactor.ts';
import { resolveOptions } from '../../../core/session/options.ts';
import { escapeMarkdown } from '../../../extension/view/markdown.ts';
import {
  assertLibraryError,
  hostileJson,
  hostileStrings,
  mutatedString,
  mutatedValue,
  succeedsOrThrowsLibraryError,
} from './hostile.ts';

export interface Property {
  readonly name: string;
  /** In a full run; shorter runs make a share of them. */
  readonly runs: number;
  check(runs: number, seed: number): void;
}

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE4OTM0NTYwMDAsInN1YiI6IjEifQ.c2lnbmF0dXJl';
const tokenFields = {
  access_token: jwt,
  refresh_token: `${jwt}r`,
  expires_in: 3600,
  refresh_expires_in: 86_400,
  token_type: 'Bearer',
};
const responses = {
  tconnect: tokenFields,
  bizmail: { success: true, message: 'ok', ...tokenFields },
  cloudreve: {
    code: 0,
    msg: '',
    correlation_id: 'c0ffee',
    data: {
      access_token: jwt,
      refresh_token: `${jwt}r`,
      access_expires: '2027-01-01T00:00:00Z',
      refresh_expires: '2027-02-01T00:00:00+07:00',
    },
  },
};
const record = {
  version: 1,
  sessionId: 's',
  generation: 3,
  partner: 'tconnect',
  origin: 'https://partner.example',
  partnerCode: 'P',
  account: 'a',
  tokens: { accessToken: jwt, refreshToken: jwt, issuedAt: 1, accessExpiresAt: 2, refreshExpiresAt: 3 },
  intent: { at: 1 },
  ended: { at: 1, code: 'sessionEnded' },
};
const settings: CipherSettings = { key: 'k'.repeat(32), iv: { from: 'fixed', value: 'i'.repeat(16), format: 'utf8' } };
const cipher = createCipher(settings);
const ciphertext = cipher.encrypt(JSON.stringify(tokenFields));
const { redact } = createRedactor();
const check = <T>(runs: number, seed: number, arbitrary: fc.Arbitrary<T>, test: (value: T) => boolean): void =>
  fc.assert(fc.property(arbitrary, test), { numRuns: runs, seed });

const status = fc.oneof(
  { weight: 3, arbitrary: fc.constant(200) },
  { weight: 2, arbitrary: fc.constantFrom(201, 204, 301, 400, 401, 403, 404, 429, 500, 502, 503) },
  fc.integer({ min: 100, max: 999 }),
);
const headers = fc.dictionary(
  fc.constantFrom('date', 'retry-after', 'content-type'),
  fc.oneof(fc.constantFrom(...hostileStrings, 'Thu, 01 Jan 2099 00:00:00 GMT', '99999999999999'), fc.string()),
  { noNullPrototype: false },
);

function checkPartnerResponses(runs: number, seed: number): void {
  for (const [index, name] of (Object.keys(responses) as (keyof typeof responses)[]).entries()) {
    const definition = partners[name];
    const encrypted = definePartner({ ...definition, response: { ...definition.response, encryptedIn: 'data' } });
    const body = fc.oneof(
      { weight: 5, arbitrary: mutatedValue(responses[name]).map((value) => JSON.stringify(value)) },
      { weight: 3, arbitrary: mutatedString(JSON.stringify(responses[name])) },
      { weight: 1, arbitrary: mutatedString(ciphertext).map((data) => JSON.stringify({ data })) },
      { weight: 1, arbitrary: hostileJson.map((value) => JSON.stringify(value)) },
    );
    const calls = ['login', 'refresh', 'request', 'oneTimeCode', 'logout'] as const;
    const input = fc.record({ body, status, headers, call: fc.constantFrom(...calls), isEncrypted: fc.boolean() });
    check(Math.ceil(runs / 3), seed + index, input, ({ call, isEncrypted, ...response }) =>
      succeedsOrThrowsLibraryError(() => {
        const http = { ...response, body: Buffer.from(response.body), sentAt: 1.8e12, receivedAt: 1.8e12 + 50 };
        const chosen = isEncrypted ? encrypted : definition;
        const decoded = decodeResponse(responseShapeOf(chosen, call), http, isEncrypted ? cipher : undefined);
        const meaning = classify(chosen, call, http.status, decoded);
        if (meaning.kind === 'failure') assertLibraryError(responseError(chosen, call, http, decoded, meaning, redact));
        if (meaning.kind !== 'success' || (call !== 'login' && call !== 'refresh')) return;
        const tokens = readTokenSet(chosen, authCallOf(definition, call) ?? definition.login, decoded, http);
        if (parseStoredRecord({ ...record, tokens }).kind !== 'record')
          throw new Error('The token set cannot be stored.');
      }),
    );
  }
}

const definition = partners.cloudreve;
const options = (change: object): SessionOptions => ({
  partner: 'tconnect',
  baseUrl: 'https://partner.example',
  partnerCode: 'P',
  cipher: settings,
  ...change,
});
const optionNames = [
  'partner',
  'baseUrl',
  'partnerCode',
  'cipher',
  'refreshMargin',
  'timeout',
  'bodyForm',
  'response',
  'extraFields',
];

export const properties: readonly Property[] = [
  { name: 'partner responses', runs: 1_000_000, check: checkPartnerResponses },
  {
    name: 'stored records',
    runs: 100_000,
    check: (runs, seed) =>
      check(runs, seed, fc.oneof(mutatedValue(record), hostileJson), (value) =>
        succeedsOrThrowsLibraryError(() => {
          const parsed = parseStoredRecord(value);
          if (parsed.kind === 'invalid') assertLibraryError(new TypeError(parsed.problem));
        }),
      ),
  },
  {
    name: 'ciphertexts',
    runs: 100_000,
    check: (runs, seed) =>
      check(runs, seed, fc.oneof(mutatedString(ciphertext), fc.string(), fc.string({ unit: 'binary' })), (text) =>
        succeedsOrThrowsLibraryError(() => cipher.decrypt(text)),
      ),
  },
  {
    name: 'partner definitions',
    runs: 50_000,
    check: (runs, seed) =>
      check(runs, seed, fc.oneof(mutatedValue(definition), hostileJson), (value) =>
        succeedsOrThrowsLibraryError(() => definePartner(value as PartnerDefinition)),
      ),
  },
  {
    name: 'session options',
    runs: 50_000,
    check: (runs, seed) =>
      check(
        runs,
        seed,
        fc.dictionary(fc.constantFrom(...optionNames), hostileJson, { noNullPrototype: false }),
        (change) => succeedsOrThrowsLibraryError(() => resolveOptions(options(change))),
      ),
  },
  {
    name: 'cipher settings',
    runs: 20_000,
    check: (runs, seed) =>
      check(runs, seed, mutatedValue(settings), (value) =>
        succeedsOrThrowsLibraryError(() => createCipher(value as CipherSettings)),
      ),
  },
  {
    name: 'JWTs',
    runs: 100_000,
    check: (runs, seed) =>
      check(
        runs,
        seed,
        fc.oneof(
          mutatedString(jwt),
          fc.string(),
          hostileJson.map((value) => `e30.${Buffer.from(JSON.stringify(value)).toString('base64url')}.x`),
        ),
        (text) =>
          succeedsOrThrowsLibraryError(() => {
            const decoded = decodeToken(text);
            // The type is always false; a hostile token must not change the value.
            if (decoded !== undefined && (decoded.verified as boolean))
              throw new Error('The token is reported as verified.');
          }),
      ),
  },
  {
    name: 'text in markdown',
    runs: 100_000,
    check: (runs, seed) =>
      check(
        runs,
        seed,
        fc.oneof(fc.constantFrom(...hostileStrings), fc.string({ unit: 'binary' }), fc.string()),
        (text) => {
          const escaped = escapeMarkdown(text);
          const rest = escaped.replace(/&#\d+;/g, '');
          // No markup, link, image, table, icon, HTML or entity may remain outside the escapes.
          return !/[\\`*_{}[\]()#+!|<>~$&:@/\n\r]/.test(rest) && escaped.length <= 4000;
        },
      ),
  },
];
