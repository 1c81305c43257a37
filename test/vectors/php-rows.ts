import type { CipherSettings } from '../../core/index.ts';

/** One way in which PHP programs encrypt. `php` writes the ciphertext of $text with $key and $iv. */
interface PhpCode {
  readonly row: string;
  readonly key: string;
  /** The IV, or the secret that the program makes it of. */
  readonly iv?: string;
  readonly php: string;
}

export interface PhpRow extends PhpCode {
  readonly settings: Omit<CipherSettings, 'key'>;
}

/** What no settings decrypt. */
export interface UnsupportedPhpRow extends PhpCode {
  /** A part of the advice or error that `detectCipher()` gives. */
  readonly advice: string;
}

const key32 = 'Sk9!xQ2m#Lw7zR4t%Bv8nC1h&Yp5dG0e';
const phrase = 'bí mật của cửa hàng';
const iv16 = 'Vn8Hs0Gd5Yp1Ce6J';
const secretIv = 'my secret iv';
const fixed = { from: 'fixed', value: iv16 } as const;
const base64 = { output: 'base64' } as const;
const raw = 'OPENSSL_RAW_DATA';
const encrypt = (options: string, key = '$key', iv = '$iv', algorithm = 'aes-256-cbc'): string =>
  `openssl_encrypt($text, '${algorithm}', ${key}, ${options}, ${iv})`;

export const phpRows: readonly PhpRow[] = [
  {
    row: 'key of 12 characters',
    key: 'mykey-123456',
    iv: iv16,
    settings: { derivation: 'resize', iv: fixed, ...base64 },
    php: `echo ${encrypt('0')};`,
  },
  {
    row: 'key of 40 characters',
    key: '0f47ac10b58cc4372a5670e02b2c3d479f00ba1e',
    iv: iv16,
    settings: { derivation: 'resize', iv: fixed, ...base64 },
    php: `echo ${encrypt('0')};`,
  },
  {
    row: 'key of 20 characters with AES-128, IV from its beginning',
    key: 'k7Wd2-Zx9Lm4_Tk6Rb1V',
    settings: { algorithm: 'aes-128-cbc', derivation: 'resize', iv: { from: 'key' }, output: 'hex' },
    php: `echo bin2hex(${encrypt(raw, '$key', 'substr($key, 0, 16)', 'aes-128-cbc')});`,
  },
  {
    row: 'digits of SHA-256 for key and IV, base64 of base64',
    key: phrase,
    iv: secretIv,
    settings: {
      derivation: { hash: 'sha256', text: 'hex' },
      iv: { from: 'fixed', value: '14eb7fc389b645a5' },
      output: ['base64', 'base64'],
    },
    php: `echo base64_encode(${encrypt('0', "hash('sha256', $key)", "substr(hash('sha256', $iv), 0, 16)")});`,
  },
  {
    row: 'digits of SHA-256, IV from the same digits',
    key: phrase,
    settings: { derivation: { hash: 'sha256', text: 'hex' }, iv: { from: 'key' }, ...base64 },
    php: `$hash = hash('sha256', $key); echo ${encrypt('0', '$hash', 'substr($hash, 0, 16)')};`,
  },
  {
    row: 'digits of SHA-256 with AES-128',
    key: phrase,
    iv: iv16,
    settings: { algorithm: 'aes-128-cbc', derivation: { hash: 'sha256', text: 'hex' }, iv: fixed, ...base64 },
    php: `echo ${encrypt('0', "hash('sha256', $key)", '$iv', 'aes-128-cbc')};`,
  },
  {
    row: 'digits of MD5, IV from the digits of another MD5',
    key: phrase,
    iv: secretIv,
    settings: { derivation: { hash: 'md5', text: 'hex' }, iv: { from: 'fixed', value: '39a554f48a57bc07' }, ...base64 },
    php: `echo ${encrypt('0', 'md5($key)', 'substr(md5($iv), 0, 16)')};`,
  },
  {
    row: 'digits of MD5 in upper case',
    key: phrase,
    iv: iv16,
    settings: { derivation: { hash: 'md5', text: 'hex-upper' }, iv: fixed, output: 'hex-upper' },
    php: `echo strtoupper(bin2hex(${encrypt(raw, 'strtoupper(md5($key))')}));`,
  },
  {
    row: 'digits of SHA-1',
    key: phrase,
    iv: iv16,
    settings: { derivation: { hash: 'sha1', text: 'hex' }, iv: fixed, ...base64 },
    php: `echo ${encrypt('0', 'sha1($key)')};`,
  },
  {
    row: 'digits of SHA-512, IV in front',
    key: phrase,
    settings: { derivation: { hash: 'sha512', text: 'hex' }, iv: { from: 'prefix' }, ...base64 },
    php: `$iv = substr(md5($text, true), 0, 16); echo base64_encode($iv . ${encrypt(raw, "hash('sha512', $key)")});`,
  },
  {
    row: 'SHA-256 in base64',
    key: phrase,
    iv: iv16,
    settings: { derivation: { hash: 'sha256', text: 'base64' }, iv: fixed, ...base64 },
    php: `echo ${encrypt('0', "base64_encode(hash('sha256', $key, true))")};`,
  },
  {
    row: 'MD5, padded to 32 bytes',
    key: phrase,
    iv: iv16,
    settings: { derivation: { hash: 'md5' }, iv: fixed, ...base64 },
    php: `echo ${encrypt('0', 'md5($key, true)')};`,
  },
  {
    row: 'SHA-1 with AES-128',
    key: phrase,
    iv: iv16,
    settings: { algorithm: 'aes-128-cbc', derivation: { hash: 'sha1' }, iv: fixed, ...base64 },
    php: `echo ${encrypt('0', 'sha1($key, true)', '$iv', 'aes-128-cbc')};`,
  },
  {
    row: 'IV of 8 characters',
    key: key32,
    iv: '12345678',
    settings: { iv: { from: 'fixed', value: '31323334353637380000000000000000', format: 'hex' }, ...base64 },
    php: `echo @${encrypt('0')};`,
  },
  {
    row: 'IV of MD5 of the key',
    key: key32,
    settings: { iv: { from: 'fixed', value: '7a6897e70a24039f476f6ccbfbe8c91f', format: 'hex' }, ...base64 },
    php: `echo ${encrypt('0', '$key', 'md5($key, true)')};`,
  },
  {
    row: 'base64 of base64, IV in front',
    key: key32,
    settings: { iv: { from: 'prefix' }, output: ['base64', 'base64'] },
    php: `$iv = md5($text, true); echo base64_encode(base64_encode($iv . ${encrypt(raw)}));`,
  },
  {
    row: 'base64 of hex',
    key: key32,
    iv: iv16,
    settings: { iv: fixed, output: ['hex', 'base64'] },
    php: `echo base64_encode(bin2hex(${encrypt(raw)}));`,
  },
  {
    row: 'hex of base64',
    key: key32,
    iv: iv16,
    settings: { iv: fixed, output: ['base64', 'hex'] },
    php: `echo bin2hex(${encrypt('0')});`,
  },
  {
    row: 'base64 in lines',
    key: key32,
    iv: iv16,
    settings: { iv: fixed, ...base64, ignoreSeparators: true },
    php: `echo chunk_split(${encrypt('0')}, 20);`,
  },
  {
    row: 'base64 of base64 in lines',
    key: key32,
    iv: iv16,
    settings: { iv: fixed, output: ['base64', 'base64'], ignoreSeparators: true },
    php: `echo base64_encode(chunk_split(${encrypt('0')}));`,
  },
  {
    row: 'a line break after base64',
    key: key32,
    iv: iv16,
    settings: { iv: fixed, ...base64, ignoreSeparators: true },
    php: `echo ${encrypt('0')} . PHP_EOL;`,
  },
  {
    row: 'URL-safe base64',
    key: key32,
    iv: iv16,
    settings: { iv: fixed, output: 'base64url' },
    php: `echo rtrim(strtr(${encrypt('0')}, '+/', '-_'), '=');`,
  },
  {
    row: 'URL-safe base64 with its padding',
    key: key32,
    iv: iv16,
    settings: { iv: fixed, output: 'base64url' },
    php: `echo strtr(${encrypt('0')}, '+/', '-_');`,
  },
  {
    row: 'hex with blanks',
    key: key32,
    iv: iv16,
    settings: { iv: fixed, ignoreSeparators: true },
    php: `echo chunk_split(bin2hex(${encrypt(raw)}), 2, ' ');`,
  },
  {
    row: 'upper hex with dashes',
    key: key32,
    iv: iv16,
    settings: { iv: fixed, output: 'hex-upper', ignoreSeparators: true },
    php: `echo implode('-', str_split(strtoupper(bin2hex(${encrypt(raw)})), 2));`,
  },
  {
    row: 'zero padding',
    key: key32,
    iv: iv16,
    settings: { iv: fixed, padding: 'zero', ...base64 },
    php: `$text = str_pad($text, (int) ceil(max(1, strlen($text)) / 16) * 16, "\\0"); echo ${encrypt('OPENSSL_ZERO_PADDING')};`,
  },
  {
    row: 'padding with blanks',
    key: key32,
    iv: iv16,
    settings: { iv: fixed, padding: 'space' },
    php: `$text = str_pad($text, (int) ceil(max(1, strlen($text)) / 16) * 16); echo bin2hex(${encrypt(`${raw} | OPENSSL_ZERO_PADDING`)});`,
  },
];

const pad = (end: string): string =>
  `$count = 16 - strlen($text) % 16; $text .= ${end}; echo ${encrypt('OPENSSL_ZERO_PADDING')};`;

export const unsupportedPhpRows: readonly UnsupportedPhpRow[] = [
  {
    row: 'AES-256-ECB',
    key: key32,
    php: `echo openssl_encrypt($text, 'aes-256-ecb', $key);`,
    advice: 'the mode is ECB',
  },
  {
    row: "the example of PHP's manual: IV, HMAC, ciphertext",
    key: key32,
    php: `$iv = md5($text, true); $raw = ${encrypt(raw)}; echo base64_encode($iv . hash_hmac('sha256', $raw, $key, true) . $raw);`,
    advice: 'also contains a MAC',
  },
  {
    row: 'IV, ciphertext, HMAC',
    key: key32,
    php: `$iv = md5($text, true); $raw = ${encrypt(raw)}; echo base64_encode($iv . $raw . hash_hmac('sha256', $raw, $key, true));`,
    advice: 'also contains a MAC',
  },
  {
    row: 'IV in front of base64, both in base64',
    key: key32,
    php: `$iv = md5($text, true); echo base64_encode($iv . ${encrypt('0')});`,
    advice: 'use the first 16 bytes as IV',
  },
  {
    row: 'IV after "::"',
    key: key32,
    php: `$iv = md5($text, true); echo base64_encode(${encrypt('0')} . '::' . $iv);`,
    advice: 'with "::" between them',
  },
  {
    row: 'Laravel',
    key: 'base64:U2s5IXhRMm0jTHc3elI0dCVCdjhuQzFoJllwNWRHMGU=',
    php: `$iv = md5($text, true); $key = base64_decode(substr($key, 7)); $value = ${encrypt('0')}; $iv = base64_encode($iv); $mac = hash_hmac('sha256', $iv . $value, $key); echo base64_encode(json_encode(compact('iv', 'value', 'mac')));`,
    advice: 'as Laravel writes it',
  },
  {
    row: 'a key with the prefix "base64:"',
    key: 'base64:U2s5IXhRMm0jTHc3elI0dCVCdjhuQzFoJllwNWRHMGU=',
    iv: iv16,
    php: `$key = base64_decode(substr($key, 7)); echo ${encrypt('0')};`,
    advice: 'once the key is cleaned',
  },
  {
    row: 'a hex key with blanks',
    key: '53 6b 39 21 78 51 32 6d 23 4c 77 37 7a 52 34 74 25 42 76 38 6e 43 31 68 26 59 70 35 64 47 30 65',
    iv: iv16,
    php: `$key = hex2bin(str_replace(' ', '', $key)); echo ${encrypt('0')};`,
    advice: 'once the key is cleaned',
  },
  {
    row: 'a key whose line break is not part of it',
    key: 'khóa bí mật\n',
    iv: iv16,
    php: `$key = hash('sha256', trim($key), true); echo ${encrypt('0')};`,
    advice: 'once the key is cleaned',
  },
  {
    row: 'percent-encoded base64',
    key: key32,
    iv: iv16,
    php: `echo urlencode(${encrypt('0')});`,
    advice: 'is percent-encoded',
  },
  {
    row: 'base64 that lost its "+"',
    key: key32,
    iv: iv16,
    php: `echo urldecode(${encrypt('0')});`,
    advice: 'blanks in place of "+"',
  },
  {
    row: 'base64 with the escapes of json_encode()',
    key: key32,
    iv: iv16,
    php: `echo trim(json_encode(${encrypt('0')}), '"');`,
    advice: 'contains JSON escapes',
  },
  {
    row: 'a string in quotes',
    key: key32,
    iv: iv16,
    php: `echo '"' . ${encrypt('0')} . '"';`,
    advice: 'is in quotes',
  },
  {
    row: 'ANSI X9.23',
    key: key32,
    iv: iv16,
    php: pad('str_repeat("\\0", $count - 1) . chr($count)'),
    advice: 'unknown padding, such as ANSI X9.23',
  },
  {
    row: 'ISO 7816-4',
    key: key32,
    iv: iv16,
    php: pad('"\\x80" . str_repeat("\\0", $count - 1)'),
    advice: 'unknown padding, such as ANSI X9.23',
  },
  {
    row: 'AES-256-GCM',
    key: key32,
    iv: iv16,
    php: `echo openssl_encrypt($text, 'aes-256-gcm', $key, 0, substr($iv, 0, 12), $tag);`,
    advice: 'its mode is not CBC',
  },
];
