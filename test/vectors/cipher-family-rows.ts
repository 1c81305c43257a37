import type { CipherSettings } from '../../core/index.ts';

/** A partner of the cipher family, or one of its settings, and commands of other programs that implement it. */
export interface Row {
  readonly row: string;
  readonly settings: Omit<CipherSettings, 'key'>;
  readonly key: string;
  /** The form of the row's typical message. Default: `json`. */
  readonly payload?: 'query';
  /** Encrypts standard input, with KEY and, for a random IV, IV (hex) in the environment. */
  readonly make: string;
  /** A command of another program that must produce the same ciphertext. */
  readonly same?: string;
  /** Decrypts a message of this library if its IV or salt is random. For an IV field, IV holds its value. */
  readonly read?: string;
}

const text32 = 'Sk9!xQ2m#Lw7zR4t%Bv8nC1h&Yp5dG0e';
const text24 = 'q7Wd2-Zx9Lm4_Tk6Rb1Vn8Hs';
const text16 = 'aR7x-Qm2Lw9Zt4Bk';
const iv16 = 'Vn8Hs0Gd5Yp1Ce6J';
const hex32 = '8f3a1c5e7092b4d6e8fa0c1e2b3d4f5061728394a5b6c7d8e9fa0b1c2d3e4f50';
const hexIv = '3f9c0a7be15d48266b80d1f2c4a39e57';
const base64of32 = 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA';
const base64of16 = 'x4mGb3iVTtqnFRD1e0rNYw==';

const utf8Key = '-K $(printf %s "$KEY" | hex)';
const hexKey = '-K $KEY';
const base64Key = '-K $(printf %s "$KEY=" | openssl base64 -d -A | hex)';
const sha256Key = '-K $(printf %s "$KEY" | openssl dgst -sha256 -binary | hex)';
const openssl = (key: string, iv: string, bits = 256): string => `openssl enc -aes-${bits}-cbc ${key} -iv ${iv}`;
const java = (args: string): string => `java CipherFamily.java ${args}`;
const password = (args: string): string => `openssl enc -aes-256-cbc -pass env:KEY ${args}`;
const hexOfText = (iv: string): string => `$(printf %s '${iv}' | hex)`;
const hex = '| hex';
const upper = '| hex | tr a-f A-F';
const base64 = '| openssl base64 -A';
const unhex = "tr A-F a-f | xxd -r -p";
const unbase64 = 'openssl base64 -d -A';
const firstBlock = 'IV=$(dd bs=1 count=16 status=none | hex);';

export const rows: readonly Row[] = [
  {
    row: 'TCONNECT, one way to fill its gaps',
    settings: { keyFormat: 'hex', iv: { from: 'fixed', value: hexIv, format: 'hex' } },
    key: hex32,
    make: `${openssl(hexKey, hexIv)} ${hex}`,
    same: `IV=${hexIv} ${java('256 hex none hex 16')} ${hex}`,
  },
  {
    row: 'Hesabe',
    settings: { iv: { from: 'fixed', value: iv16 } },
    key: text32,
    make: `${openssl(utf8Key, hexOfText(iv16))} ${hex}`,
    same: `IV=${iv16} ${java('256 utf8 none utf8 16')} ${hex}`,
  },
  {
    row: 'Hesabe, as its library pads',
    settings: { iv: { from: 'fixed', value: iv16 }, padding: 32 },
    key: text32,
    make: `IV=${iv16} ${java('256 utf8 none utf8 32')} ${hex}`,
  },
  {
    row: 'NewebPay',
    settings: { iv: { from: 'fixed', value: iv16 }, padding: 32 },
    key: text32,
    payload: 'query',
    make: `IV=${iv16} ${java('256 utf8 none utf8 32')} ${hex}`,
  },
  {
    row: 'Paywize',
    settings: { iv: { from: 'fixed', value: iv16 }, output: 'base64' },
    key: text32,
    make: `${openssl(utf8Key, hexOfText(iv16))} ${base64}`,
  },
  {
    row: 'Paramount',
    settings: { iv: { from: 'field', name: 'iv', format: 'hex-upper' }, output: 'hex-upper' },
    key: text32,
    payload: 'query',
    make: `${openssl(utf8Key, '$IV')} ${upper}`,
    read: `${unhex} | ${openssl(utf8Key, '$IV')} -d`,
  },
  {
    row: 'Rocketfuel',
    settings: { derivation: { evp: 'md5' }, iv: { from: 'salted' }, output: 'base64' },
    key: 'cs_live_4d1f-9a72-merchant-secret',
    make: `${password('-md md5 -salt')} ${base64}`,
    read: `${unbase64} | ${password('-md md5 -d')}`,
  },
  {
    row: 'Feishu and Lark',
    settings: { derivation: 'sha256', iv: { from: 'prefix' }, output: 'base64' },
    key: 'kudryavka-encrypt-key',
    make: `{ printf %s $IV | xxd -r -p; ${openssl(sha256Key, '$IV')}; } ${base64}`,
    same: `{ printf %s $IV | xxd -r -p; ${java('256 utf8 SHA-256 hex 16')}; } ${base64}`,
    read: `${unbase64} | { ${firstBlock} ${openssl(sha256Key, '$IV')} -d; }`,
  },
  {
    row: 'Tencent Meeting',
    settings: { keyFormat: 'base64', iv: { from: 'key' }, output: 'base64' },
    key: base64of32,
    make: `${openssl(base64Key, '$(printf %s "$KEY=" | openssl base64 -d -A | head -c 16 | hex)')} ${base64}`,
    same: `${java('256 base64 none key 16')} ${base64}`,
  },
  {
    row: 'WeCom',
    settings: { keyFormat: 'base64', iv: { from: 'key' }, padding: 32, output: 'base64' },
    key: base64of32,
    make: `${java('256 base64 none key 32')} ${base64}`,
  },
  {
    row: 'Opayo',
    settings: { algorithm: 'aes-128-cbc', iv: { from: 'key' }, output: 'hex-upper', ciphertextPrefix: '@' },
    key: text16,
    payload: 'query',
    make: `{ printf @; ${openssl(utf8Key, hexOfText(text16), 128)} ${upper}; }`,
    same: `{ printf @; ${java('128 utf8 none key 16')} ${upper}; }`,
  },
  {
    row: 'Checkout.vn and PayKun, the inner part',
    settings: { iv: { from: 'field', name: 'iv', format: 'base64' }, output: 'base64' },
    key: text32,
    make: `${openssl(utf8Key, '$IV')} ${base64}`,
    read: `${unbase64} | ${openssl(utf8Key, '$IV')} -d`,
  },
  {
    row: 'CCAvenue',
    settings: {
      algorithm: 'aes-128-cbc',
      derivation: 'md5',
      iv: { from: 'fixed', value: '000102030405060708090a0b0c0d0e0f', format: 'hex' },
    },
    key: 'F5A2C8D1E7B94036',
    payload: 'query',
    make: `IV=000102030405060708090a0b0c0d0e0f ${java('128 utf8 MD5 hex 16')} ${hex}`,
    same: `${openssl('-K $(printf %s "$KEY" | openssl dgst -md5 -binary | hex)', '000102030405060708090a0b0c0d0e0f', 128)} ${hex}`,
  },
  {
    row: 'SafexPay',
    settings: { keyFormat: 'base64', iv: { from: 'fixed', value: '0123456789abcdef' }, output: 'base64' },
    key: `${base64of32}=`,
    make: `${openssl('-K $(printf %s "$KEY" | openssl base64 -d -A | hex)', hexOfText('0123456789abcdef'))} ${base64}`,
  },
  {
    row: 'ZENGI',
    settings: { algorithm: 'aes-128-cbc', keyFormat: 'hex', iv: { from: 'field', name: 'iv' } },
    key: hexIv,
    make: `${openssl(hexKey, '$IV', 128)} ${hex}`,
    read: `${unhex} | ${openssl(hexKey, '$IV', 128)} -d`,
  },
  {
    row: 'mPoS',
    settings: { algorithm: 'aes-128-cbc', iv: { from: 'zero' }, output: 'base64' },
    key: text16,
    make: `${openssl(utf8Key, '0'.repeat(32), 128)} ${base64}`,
  },
  {
    row: '0xCard',
    settings: { algorithm: 'aes-128-cbc', iv: { from: 'field', name: 'iv' }, output: 'base64' },
    key: text16,
    make: `${openssl(utf8Key, '$IV', 128)} ${base64}`,
    read: `${unbase64} | ${openssl(utf8Key, '$IV', 128)} -d`,
  },
  {
    row: 'AES-192',
    settings: { algorithm: 'aes-192-cbc', iv: { from: 'fixed', value: iv16 } },
    key: text24,
    make: `${openssl(utf8Key, hexOfText(iv16), 192)} ${hex}`,
    same: `IV=${iv16} ${java('192 utf8 none utf8 16')} ${hex}`,
  },
  {
    row: 'AES-128, key in base64',
    settings: { algorithm: 'aes-128-cbc', keyFormat: 'base64', iv: { from: 'prefix' } },
    key: base64of16,
    make: `{ printf %s $IV; ${openssl('-K $(printf %s "$KEY" | openssl base64 -d -A | hex)', '$IV', 128)} ${hex}; }`,
    read: `${unhex} | { ${firstBlock} ${openssl('-K $(printf %s "$KEY" | openssl base64 -d -A | hex)', '$IV', 128)} -d; }`,
  },
  {
    row: 'AES-128, key from SHA-256',
    settings: { algorithm: 'aes-128-cbc', derivation: 'sha256', iv: { from: 'zero' } },
    key: 'a pass phrase of any length',
    make: `IV=${'0'.repeat(32)} ${java('128 utf8 SHA-256 hex 16')} ${hex}`,
  },
  {
    row: 'random IV in front, upper hex',
    settings: { keyFormat: 'hex', iv: { from: 'prefix' }, output: 'hex-upper' },
    key: hex32.toUpperCase(),
    make: `{ printf %s $IV; ${openssl(hexKey, '$IV')} ${hex}; } | tr a-f A-F`,
    read: `${unhex} | { ${firstBlock} ${openssl(hexKey, '$IV')} -d; }`,
  },
  {
    row: 'zero IV',
    settings: { iv: { from: 'zero' } },
    key: text32,
    make: `${openssl(utf8Key, '0'.repeat(32))} ${hex}`,
  },
  {
    row: 'fixed IV in base64, text before the ciphertext',
    settings: { iv: { from: 'fixed', value: base64of16, format: 'base64' }, output: 'base64', ciphertextPrefix: 'v1:' },
    key: text32,
    make: `{ printf v1:; ${openssl(utf8Key, `$(printf %s ${base64of16} | openssl base64 -d -A | hex)`)} ${base64}; }`,
  },
  {
    row: 'EVP with SHA-256, salted',
    settings: { derivation: { evp: 'sha256' }, iv: { from: 'salted' } },
    key: 'a pass phrase of any length',
    make: `${password('-md sha256 -salt')} ${hex}`,
    read: `${unhex} | ${password('-md sha256 -d')}`,
  },
  {
    row: 'EVP with MD5, no salt',
    settings: { derivation: { evp: 'md5' }, iv: { from: 'derived' }, output: 'base64' },
    key: 'a pass phrase of any length',
    make: `${password('-md md5 -nosalt')} ${base64}`,
  },
  {
    row: 'EVP with SHA-256, no salt',
    settings: { derivation: { evp: 'sha256' }, iv: { from: 'derived' } },
    key: 'a pass phrase of any length',
    make: `${password('-md sha256 -nosalt')} ${hex}`,
  },
  {
    row: 'PBKDF2 as openssl enc -pbkdf2',
    settings: {
      derivation: { pbkdf2: { iterations: 10_000, digest: 'sha256' } },
      iv: { from: 'salted' },
      output: 'base64',
    },
    key: 'a pass phrase of any length',
    make: `${password('-pbkdf2 -salt')} ${base64}`,
    read: `${unbase64} | ${password('-pbkdf2 -d')}`,
  },
  {
    row: 'PBKDF2 with SHA-1, 1,000 rounds',
    settings: { derivation: { pbkdf2: { iterations: 1000, digest: 'sha1' } }, iv: { from: 'salted' } },
    key: 'a pass phrase of any length',
    make: `${password('-pbkdf2 -iter 1000 -md sha1 -salt')} ${hex}`,
    read: `${unhex} | ${password('-pbkdf2 -iter 1000 -md sha1 -d')}`,
  },
  {
    row: 'PBKDF2 with a fixed salt',
    settings: {
      derivation: { pbkdf2: { iterations: 1500, digest: 'sha512', salt: '5a17ed0c0ffee000', saltFormat: 'hex' } },
      iv: { from: 'derived' },
    },
    key: 'a pass phrase of any length',
    make: `${password('-pbkdf2 -iter 1500 -md sha512 -S 5A17ED0C0FFEE000')} ${hex}`,
  },
];
