import { configurationError } from '../lib/errors.ts';
import { nodeCrypto } from '../lib/node-modules.ts';
import { refuseUnknownKeys } from '../lib/validation.ts';
import type { Derive, Material } from './derive.ts';
import type { CbcEngine, CreateCbcEngine } from './engine.ts';
import { keyMaterial } from './key-material.ts';
import type { IvRule } from './settings.ts';
import { textForm } from './text-form.ts';

/** Key and IV of one message. */
export interface MessageKey {
  readonly engine: CbcEngine;
  readonly iv: Uint8Array;
}

/** How key and IV of each message are found, for writing and for reading. */
export interface IvScheme {
  /** `head` goes before the ciphertext, `ivText` into the envelope's field. */
  start(): MessageKey & { readonly head?: Buffer; readonly ivText?: string };
  /** Undefined for a message that can not have been made so. */
  open(sealed: Buffer, ivText: string | undefined): (MessageKey & { readonly body: Buffer }) | undefined;
}

const saltedHead = Buffer.from('Salted__');
const rules = {
  fixed: ['from', 'value', 'format'],
  prefix: ['from'],
  field: ['from', 'name', 'format'],
  key: ['from'],
  zero: ['from'],
  derived: ['from'],
  salted: ['from'],
};

/**
 * Checks the rule at once; stretching a password and setting up an engine wait for the first message.
 *
 * @param stretched whether the derivation gives an IV too.
 */
export function ivScheme(given: IvRule, derive: Derive, stretched: boolean, createEngine: CreateCbcEngine): IvScheme {
  const rule = checked(given);
  if ((rule.from === 'salted' || rule.from === 'derived') && !stretched) {
    throw configurationError(
      'cipher.derivation',
      `cipher.iv { from: "${rule.from}" } needs cipher.derivation { evp } or { pbkdf2 }.`,
    );
  }
  let ready: { readonly engine: CbcEngine; readonly material: Material } | undefined;
  const get = (): NonNullable<typeof ready> => {
    if (ready === undefined) {
      const material = derive();
      ready = { engine: createEngine(material.key), material };
    }
    return ready;
  };
  switch (rule.from) {
    case 'salted':
      return saltedScheme(derive, createEngine);
    case 'prefix':
      return {
        start: () => {
          const iv = randomIv();
          return { engine: get().engine, iv, head: iv };
        },
        open: (sealed) =>
          sealed.length < 16
            ? undefined
            : { engine: get().engine, iv: sealed.subarray(0, 16), body: sealed.subarray(16) },
      };
    case 'field':
      return fieldScheme(() => get().engine, rule);
    case 'fixed': {
      const names = { setting: 'cipher.iv.value', formatSetting: 'cipher.iv.format' };
      const iv = keyMaterial(rule.value, rule.format, { ...names, length: 16 });
      return constant(() => ({ engine: get().engine, iv }));
    }
    case 'key':
      return constant(() => ({ engine: get().engine, iv: get().material.key.subarray(0, 16) }));
    case 'zero':
      return constant(() => ({ engine: get().engine, iv: Buffer.alloc(16) }));
    case 'derived':
      return constant(() => ({ engine: get().engine, iv: derivedIv(get().material) }));
  }
}

function checked(rule: IvRule): IvRule {
  if (typeof rule !== 'object' || (rule as unknown) === null) {
    throw configurationError(
      'cipher.iv',
      'cipher.iv is missing: state where the IV comes from, such as { from: "fixed", value }, { from: "prefix" } or { from: "key" }. Ask the partner which.',
    );
  }
  if (!Object.hasOwn(rules, rule.from)) {
    throw configurationError('cipher.iv.from', `cipher.iv.from must be one of ${Object.keys(rules).join(', ')}.`);
  }
  refuseUnknownKeys('cipher.iv', rule, rules[rule.from]);
  return rule;
}

/** The same key and IV for every message. */
function constant(make: () => MessageKey): IvScheme {
  let made: MessageKey | undefined;
  const start = (): MessageKey => (made ??= make());
  return { start, open: (body) => ({ ...start(), body }) };
}

function derivedIv({ iv }: Material): Buffer {
  if (iv === undefined) throw new TypeError('The derivation gives no IV.');
  return iv;
}

function fieldScheme(engine: () => CbcEngine, { name, format = 'hex' }: Extract<IvRule, { from: 'field' }>): IvScheme {
  if (typeof name !== 'string' || name === '') {
    throw configurationError('cipher.iv.name', 'cipher.iv.name must be the name of the field that carries the IV.');
  }
  const form = textForm(format);
  if (form === undefined) {
    throw configurationError('cipher.iv.format', 'cipher.iv.format must be "hex", "hex-upper" or "base64".');
  }
  return {
    start: () => {
      const iv = randomIv();
      return { engine: engine(), iv, ivText: form.encode([iv]) };
    },
    open: (body, ivText) => {
      const iv = ivText === undefined ? undefined : form.decode(ivText);
      return iv?.length === 16 ? { engine: engine(), iv, body } : undefined;
    },
  };
}

/** The format of `openssl enc -salt`: `Salted__`, eight random bytes, ciphertext. */
function saltedScheme(derive: Derive, createEngine: CreateCbcEngine): IvScheme {
  const keyed = (salt: Uint8Array): MessageKey => {
    const material = derive(salt);
    return { engine: createEngine(material.key), iv: derivedIv(material) };
  };
  return {
    start: () => {
      const salt = nodeCrypto().randomFillSync(Buffer.alloc(8));
      return { ...keyed(salt), head: Buffer.concat([saltedHead, salt]) };
    },
    open: (sealed) =>
      sealed.length >= 32 && sealed.subarray(0, 8).equals(saltedHead)
        ? { ...keyed(sealed.subarray(8, 16)), body: sealed.subarray(16) }
        : undefined,
  };
}

function randomIv(): Buffer {
  return nodeCrypto().randomFillSync(Buffer.allocUnsafe(16));
}
