import * as v from 'valibot';
import { ciphertextFormats, keyLengths, paddings, textFormats } from '../cipher/settings.ts';
import { plainForms } from '../exchange/connection.ts';
import { labelPattern } from '../lib/label.ts';
import { problems } from './problems.ts';

const algorithms = Object.keys(keyLengths) as (keyof typeof keyLengths)[];
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
/** Excludes lists, which valibot accepts as objects with the fields "0", "1" and so on. */
const plainObject = v.custom<object>(isObject, problems.object);
const object = <E extends v.ObjectEntries>(entries: E) => v.pipe(plainObject, v.strictObject(entries));
const payloadFields = v.pipe(plainObject, v.record(v.string(), v.unknown()));
const oneOf = <const T extends readonly string[]>(values: T) => v.picklist(values, problems.invalid);
const string = v.string(problems.invalid);
const matching = (pattern: RegExp, message: string) => v.pipe(v.string(message), v.regex(pattern, message));
const path = (message: string) => matching(/^[^\0]{1,4096}$/, message);

/** Cipher settings without secrets. Their combination is checked by `checkCipher()`. */
const cipher = object({
  algorithm: v.exactOptional(oneOf(algorithms)),
  keyFormat: v.exactOptional(oneOf(textFormats)),
  derivation: v.exactOptional(
    v.union(
      [
        oneOf(['none', 'resize', 'sha256', 'md5']),
        v.strictObject({
          hash: oneOf(['md5', 'sha1', 'sha256', 'sha512']),
          text: v.exactOptional(oneOf(['hex', 'hex-upper', 'base64'])),
        }),
        v.strictObject({ evp: oneOf(['md5', 'sha256']) }),
        v.strictObject({
          pbkdf2: v.strictObject({
            iterations: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000)),
            digest: oneOf(['sha1', 'sha256', 'sha512']),
            salt: v.exactOptional(string),
            saltFormat: v.exactOptional(oneOf(textFormats)),
          }),
        }),
      ],
      problems.invalid,
    ),
  ),
  iv: object({
    from: oneOf(['fixed', 'prefix', 'field', 'key', 'zero', 'derived', 'salted']),
    format: v.exactOptional(oneOf([...new Set([...textFormats, ...ciphertextFormats])])),
    name: v.exactOptional(string),
  }),
  output: v.exactOptional(
    v.union(
      [oneOf(ciphertextFormats), v.pipe(v.array(oneOf(ciphertextFormats)), v.minLength(1), v.maxLength(3))],
      problems.invalid,
    ),
  ),
  ignoreSeparators: v.exactOptional(v.boolean(problems.invalid)),
  padding: v.exactOptional(v.picklist(paddings, problems.invalid)),
  ciphertextPrefix: v.exactOptional(string),
});

const profileEntries = {
  id: matching(/^[\w.-]{1,64}$/, problems.id),
  label: matching(labelPattern, problems.label),
  partner: v.string(problems.invalid),
  baseUrl: v.pipe(v.string(problems.address), v.maxLength(2000, problems.address)),
  apiUrl: v.exactOptional(v.pipe(v.string(problems.address), v.maxLength(2000, problems.address))),
  partnerCode: v.exactOptional(v.string(problems.partnerCode)),
  // Its secret is not kept in a profile.
  client: v.exactOptional(object({ id: matching(/^[^\p{C}]{1,1024}$/u, problems.clientId) })),
  cipher: v.exactOptional(cipher),
  bodyForm: v.exactOptional(oneOf(plainForms)),
  response: v.exactOptional(
    object({
      tokensIn: v.exactOptional(v.string(problems.fieldPath)),
      encryptedIn: v.exactOptional(v.string(problems.fieldPath)),
    }),
  ),
  extraFields: v.exactOptional(
    object({
      login: v.exactOptional(payloadFields),
      oneTimeCode: v.exactOptional(payloadFields),
      refresh: v.exactOptional(payloadFields),
      logout: v.exactOptional(payloadFields),
    }),
  ),
  caFile: v.exactOptional(path(problems.pemFile)),
  allowHttp: v.exactOptional(v.boolean(problems.switch)),
  // Credentials are a secret, which is not kept in a profile.
  proxy: v.exactOptional(
    v.union(
      [v.literal(false, problems.proxy), matching(/^https?:\/\/[^\s/?#@]{1,2000}\/?$/, problems.proxy)],
      problems.proxy,
    ),
  ),
  clientCertificate: v.exactOptional(
    object({
      certFile: v.exactOptional(path(problems.file)),
      keyFile: v.exactOptional(path(problems.file)),
      pfxFile: v.exactOptional(path(problems.file)),
    }),
  ),
};

/**
 * A saved connection without its secrets. `npm run generate` creates `profile.schema.json` and the settings in the
 * manifest from it. What depends on the partner is checked by `parseProfiles()`.
 */
export const profileSchema = object(profileEntries);

/** The names of the fields of a profile. */
export const profileFields: readonly string[] = Object.keys(profileEntries);
