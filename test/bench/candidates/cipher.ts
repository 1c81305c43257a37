import { webcrypto } from 'node:crypto';
import { measureInTurns, type SliceOptions } from '../measure/slices.ts';
import type { Candidates, Metrics } from '../measure/fresh-process.ts';

export interface CipherOptions {
  /** Length in bytes by name. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly slices: SliceOptions;
}

interface Implementation<T extends string | Promise<string>> {
  readonly encrypt: (text: string) => T;
  readonly decrypt: (hex: string) => T;
}

const key = Buffer.from('0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0', 'hex');
const iv = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

async function reference(): Promise<Implementation<string>> {
  const { createCipheriv, createDecipheriv, createSecretKey } = await import('node:crypto');
  const secret = createSecretKey(key);
  return {
    encrypt(text) {
      const cipher = createCipheriv('aes-256-cbc', secret, iv);
      return cipher.update(text, 'utf8', 'hex') + cipher.final('hex');
    },
    decrypt(hex) {
      const decipher = createDecipheriv('aes-256-cbc', secret, iv);
      return decipher.update(hex, 'hex', 'utf8') + decipher.final('utf8');
    },
  };
}

const implementations = {
  'Partner Auth': async () => {
    const { createCipher } = await import('../../../core/index.ts');
    return createCipher({ key, iv: { from: 'fixed', value: iv } });
  },
  'node:crypto (KeyObject)': reference,
  'node:crypto (key bytes)': async () => {
    const { createCipheriv, createDecipheriv } = await import('node:crypto');
    return {
      encrypt(text) {
        const cipher = createCipheriv('aes-256-cbc', key, iv);
        return cipher.update(text, 'utf8', 'hex') + cipher.final('hex');
      },
      decrypt(hex) {
        const decipher = createDecipheriv('aes-256-cbc', key, iv);
        return decipher.update(hex, 'hex', 'utf8') + decipher.final('utf8');
      },
    };
  },
  'node-forge': async () => {
    const { default: forge } = await import('node-forge');
    const bytes = key.toString('binary');
    const start = iv.toString('binary');
    return {
      encrypt(text) {
        const cipher = forge.cipher.createCipher('AES-CBC', bytes);
        cipher.start({ iv: start });
        cipher.update(forge.util.createBuffer(text, 'utf8'));
        cipher.finish();
        return cipher.output.toHex();
      },
      decrypt(hex) {
        const decipher = forge.cipher.createDecipher('AES-CBC', bytes);
        decipher.start({ iv: start });
        decipher.update(forge.util.createBuffer(forge.util.hexToBytes(hex)));
        if (!decipher.finish()) throw new Error('The padding is wrong.');
        return forge.util.decodeUtf8(decipher.output.getBytes());
      },
    };
  },
  '@noble/ciphers': async () => {
    const { cbc } = await import('@noble/ciphers/aes.js');
    const { bytesToHex, bytesToUtf8, hexToBytes, utf8ToBytes } = await import('@noble/ciphers/utils.js');
    const [keyBytes, ivBytes] = [new Uint8Array(key), new Uint8Array(iv)];
    return {
      encrypt: (text) => bytesToHex(cbc(keyBytes, ivBytes).encrypt(utf8ToBytes(text))),
      decrypt: (hex) => bytesToUtf8(cbc(keyBytes, ivBytes).decrypt(hexToBytes(hex))),
    };
  },
  'crypto-js': async () => {
    const { default: CryptoJS } = await import('crypto-js');
    const [words, start] = [CryptoJS.enc.Hex.parse(key.toString('hex')), CryptoJS.enc.Hex.parse(iv.toString('hex'))];
    return {
      encrypt: (text) => CryptoJS.AES.encrypt(text, words, { iv: start }).ciphertext.toString(),
      decrypt: (hex) =>
        CryptoJS.AES.decrypt({ ciphertext: CryptoJS.enc.Hex.parse(hex) }, words, { iv: start }).toString(
          CryptoJS.enc.Utf8,
        ),
    };
  },
  'aes-js': async () => {
    const { default: aes } = await import('aes-js');
    const { hex: hexCodec, utf8 } = aes.utils;
    return {
      encrypt: (text) =>
        hexCodec.fromBytes(new aes.ModeOfOperation.cbc(key, iv).encrypt(aes.padding.pkcs7.pad(utf8.toBytes(text)))),
      decrypt: (hex) =>
        utf8.fromBytes(aes.padding.pkcs7.strip(new aes.ModeOfOperation.cbc(key, iv).decrypt(hexCodec.toBytes(hex)))),
    };
  },
  WebCrypto: async () => {
    const { subtle } = webcrypto;
    const name = 'AES-CBC';
    const imported = await subtle.importKey('raw', key, name, false, ['encrypt', 'decrypt']);
    return {
      encrypt: async (text) =>
        Buffer.from(await subtle.encrypt({ name, iv }, imported, Buffer.from(text))).toString('hex'),
      decrypt: async (hex) =>
        Buffer.from(await subtle.decrypt({ name, iv }, imported, Buffer.from(hex, 'hex'))).toString('utf8'),
    };
  },
} satisfies Record<string, () => Promise<Implementation<string> | Implementation<Promise<string>>>>;

export const cipherNames = Object.keys(implementations) as (keyof typeof implementations)[];

/** JSON of exactly so many bytes. */
function payload(length: number): string {
  const fields = '{"username":"merchant@example.com","note":"';
  return `${fields}${'Partner Auth '.repeat(length).slice(0, length - fields.length - 2)}"}`;
}

/** V8 concatenates strings lazily; reading a character makes it do the work within the measured call. */
const flatten = (text: string): number => text.charCodeAt(text.length - 1);

async function run(name: keyof typeof implementations, { sizes, slices }: CipherOptions): Promise<Metrics> {
  const cipher: Implementation<string | Promise<string>> = await implementations[name]();
  const native = await reference();
  const metrics: Metrics = {};
  for (const [size, length] of Object.entries(sizes)) {
    const text = payload(length);
    const hex = native.encrypt(text);
    if ((await cipher.encrypt(text)) !== hex || (await cipher.decrypt(hex)) !== text) {
      throw new Error(`${name} returns another result than node:crypto with ${size}.`);
    }
    for (const [direction, input] of [
      ['encrypt', text],
      ['decrypt', hex],
    ] as const) {
      const call = (): unknown => {
        const result = cipher[direction](input);
        return typeof result === 'string' ? flatten(result) : result.then(flatten);
      };
      const { ns, speed } = await measureInTurns(() => flatten(native[direction](input)), call, slices);
      metrics[`${direction} ${size}`] = ns;
      metrics[`${direction} ${size} speed`] = speed;
    }
  }
  return metrics;
}

/** Detects the settings of one captured message by trying the whole cipher family. */
async function detect({ sizes, slices }: CipherOptions): Promise<Metrics> {
  const { createCipher, detectCipher } = await import('../../../core/index.ts');
  const cipher = createCipher({ key, iv: { from: 'prefix' } });
  const metrics: Metrics = {};
  for (const [size, length] of Object.entries(sizes)) {
    const sample = { ciphertext: cipher.encrypt(payload(length)), key: key.toString('hex') };
    if (detectCipher(sample).verdict === 'none') throw new Error(`detectCipher found no settings with ${size}.`);
    const call = (): unknown => detectCipher(sample);
    metrics[`detect ${size}`] = (await measureInTurns(call, call, slices)).ns;
  }
  return metrics;
}

export const candidates: Candidates = {
  detectCipher: detect,
  ...Object.fromEntries(cipherNames.map((name) => [name, (options: CipherOptions) => run(name, options)])),
};
