import { configurationError } from '../lib/errors.ts';
import { nodeCrypto } from '../lib/node-modules.ts';
import { assertKnownKeys } from '../lib/validation.ts';
import type { DeriveKey, KeyAndIv } from './derive.ts';
import type { CbcEngine, CreateCbcEngine } from './engine.ts';
import { keyMaterial } from './key-material.ts';
import type { IvRule } from './settings.ts';
import { textCodec } from './text-codec.ts';

/** Key and IV of one message. */
export interface MessageKey {
  readonly engine: CbcEngine;
  readonly iv: Uint8Array;
}

/** Determines key and IV of each message, for encryption and decryption. */
export interface IvScheme {
  /** `head` goes before the ciphertext, `encodedIv` into the envelope's field for the IV. */
  forEncryption(): MessageKey & { readonly head?: Buffer; readonly encodedIv?: string };
  /** Undefined if the message cannot have been encrypted by this scheme. */
  forDecryption(message: Buffer, encodedIv: string | undefined): (MessageKey & { readonly body: Buffer }) | undefined;
}

const saltedMagic = Buffer.from('Salted__');
const ruleFields = {
  fixed: ['from', 'value', 'format'],
  prefix: ['from'],
  field: ['from', 'name', 'format'],
  key: ['from'],
  zero: ['from'],
  derived: ['from'],
  salted: ['from'],
};

/**
 * Checks the rule. Key derivation and engine setup are deferred to the first message.
 *
 * @param derivesIv whether the key derivation also produces an IV.
 * @param ignoreSeparators whether white space in the field for the IV is ignored.
 * @throws PartnerAuthError `configuration` naming the setting.
 */
export function ivScheme(
  given: IvRule,
  derive: DeriveKey,
  derivesIv: boolean,
  ignoreSeparators: boolean,
  createEngine: CreateCbcEngine,
): IvScheme {
  const rule = checkRule(given);
  if ((rule.from === 'salted' || rule.from === 'derived') && !derivesIv) {
    throw configurationError(
      'cipher.derivation',
      `cipher.iv { from: "${rule.from}" } requires cipher.derivation { evp } or { pbkdf2 }.`,
    );
  }
  let derived: { readonly engine: CbcEngine; readonly keyAndIv: KeyAndIv } | undefined;
  const get = (): NonNullable<typeof derived> => {
    if (derived === undefined) {
      const keyAndIv = derive();
      derived = { engine: createEngine(keyAndIv.key), keyAndIv };
    }
    return derived;
  };
  switch (rule.from) {
    case 'salted':
      return saltedScheme(derive, createEngine);
    case 'prefix':
      return {
        forEncryption: () => {
          const iv = randomIv();
          return { engine: get().engine, iv, head: iv };
        },
        forDecryption: (message) =>
          message.length < 16
            ? undefined
            : { engine: get().engine, iv: message.subarray(0, 16), body: message.subarray(16) },
      };
    case 'field':
      return fieldScheme(() => get().engine, rule, ignoreSeparators);
    case 'fixed': {
      const names = { setting: 'cipher.iv.value', formatSetting: 'cipher.iv.format' };
      const iv = keyMaterial(rule.value, rule.format, { ...names, length: 16 });
      return constantScheme(() => ({ engine: get().engine, iv }));
    }
    case 'key':
      return constantScheme(() => ({ engine: get().engine, iv: get().keyAndIv.key.subarray(0, 16) }));
    case 'zero':
      return constantScheme(() => ({ engine: get().engine, iv: Buffer.alloc(16) }));
    case 'derived':
      return constantScheme(() => ({ engine: get().engine, iv: derivedIv(get().keyAndIv) }));
  }
}

function checkRule(rule: IvRule): IvRule {
  if (typeof rule !== 'object' || (rule as unknown) === null) {
    throw configurationError(
      'cipher.iv',
      'cipher.iv is missing: state where the IV comes from, such as { from: "fixed", value }, { from: "prefix" } or { from: "key" }. Ask the partner which one applies.',
    );
  }
  if (!Object.hasOwn(ruleFields, rule.from)) {
    throw configurationError('cipher.iv.from', `cipher.iv.from must be one of ${Object.keys(ruleFields).join(', ')}.`);
  }
  assertKnownKeys('cipher.iv', rule, ruleFields[rule.from]);
  return rule;
}

/** The same key and IV for every message. */
function constantScheme(create: () => MessageKey): IvScheme {
  let created: MessageKey | undefined;
  const get = (): MessageKey => (created ??= create());
  return { forEncryption: get, forDecryption: (body) => ({ ...get(), body }) };
}

function derivedIv({ iv }: KeyAndIv): Buffer {
  if (iv === undefined) throw new TypeError('The derivation gives no IV.');
  return iv;
}

function fieldScheme(
  engine: () => CbcEngine,
  { name, format = 'hex' }: Extract<IvRule, { from: 'field' }>,
  ignoreSeparators: boolean,
): IvScheme {
  if (typeof name !== 'string' || name === '') {
    throw configurationError('cipher.iv.name', 'cipher.iv.name must be the name of the field that carries the IV.');
  }
  const codec = typeof format === 'string' ? textCodec(format, ignoreSeparators) : undefined;
  if (codec === undefined) {
    throw configurationError(
      'cipher.iv.format',
      'cipher.iv.format must be "hex", "hex-upper", "base64" or "base64url".',
    );
  }
  return {
    forEncryption: () => {
      const iv = randomIv();
      return { engine: engine(), iv, encodedIv: codec.encode([iv]) };
    },
    forDecryption: (body, encodedIv) => {
      const iv = encodedIv === undefined ? undefined : codec.decode(encodedIv);
      return iv?.length === 16 ? { engine: engine(), iv, body } : undefined;
    },
  };
}

/** The format of `openssl enc -salt`: `Salted__`, eight random bytes, ciphertext. */
function saltedScheme(derive: DeriveKey, createEngine: CreateCbcEngine): IvScheme {
  const messageKey = (salt: Uint8Array): MessageKey => {
    const keyAndIv = derive(salt);
    return { engine: createEngine(keyAndIv.key), iv: derivedIv(keyAndIv) };
  };
  return {
    forEncryption: () => {
      const salt = nodeCrypto().randomFillSync(Buffer.alloc(8));
      return { ...messageKey(salt), head: Buffer.concat([saltedMagic, salt]) };
    },
    forDecryption: (message) =>
      message.length >= 32 && message.subarray(0, 8).equals(saltedMagic)
        ? { ...messageKey(message.subarray(8, 16)), body: message.subarray(16) }
        : undefined,
  };
}

function randomIv(): Buffer {
  return nodeCrypto().randomFillSync(Buffer.allocUnsafe(16));
}
