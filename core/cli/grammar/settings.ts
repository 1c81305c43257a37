import { partnerNames } from './partner-names.ts';
import type { Option } from './verb.ts';

/** The settings of a connection, which are not secret. */
export const partnerSettings: readonly Option[] = [
  { name: 'partner-code', value: 'CODE', text: 'your identifier at the partner (TCONNECT)' },
  { name: 'key-format', value: 'FORMAT', choices: ['utf8', 'hex', 'base64'], text: 'encoding of the key' },
  { name: 'iv', value: 'RULE', choices: ['fixed', 'prefix', 'key', 'zero'], text: 'source of the IV' },
  { name: 'iv-format', value: 'FORMAT', choices: ['utf8', 'hex', 'base64'], text: 'encoding of a fixed IV' },
  { name: 'padding', value: 'BYTES', choices: ['16', '32'], text: 'PKCS#7 block size' },
  { name: 'output', value: 'FORMAT', choices: ['hex', 'hex-upper', 'base64'], text: 'encoding of the ciphertext' },
  { name: 'tokens-in', value: 'FIELD', text: 'response field that wraps the token fields' },
  { name: 'encrypted-in', value: 'FIELD', text: 'response field that holds the encrypted response' },
  { name: 'body-form', value: 'FORM', choices: ['json', 'multipart', 'urlencoded'], text: 'format of plain payloads' },
  { name: 'ca', value: 'FILE', completes: 'file', text: 'PEM file of an additional certificate authority' },
];

export const profileSettings: readonly Option[] = [
  { name: 'partner', value: 'P', completes: 'partner', text: `${partnerNames.join(', ')}, or one of partner list` },
  { name: 'base-url', value: 'URL', text: 'address of the partner' },
  { name: 'from', value: 'FILE', completes: 'file', text: 'a profile as JSON, or { profile, definition }; - is stdin' },
  { name: 'client-id', value: 'ID', text: 'the OAuth 2.0 client; login asks for its secret' },
  { name: 'label', value: 'TEXT', text: 'the name that is shown; default: NAME' },
  { name: 'api-url', value: 'URL', text: 'address for protected calls, if it is another one' },
  { name: 'proxy', value: 'URL', text: 'HTTP proxy, without user and password, which login asks for; or off' },
  { name: 'allow-http', text: 'permit http to a private address; nothing is encrypted' },
  { name: 'client-cert', value: 'FILE', completes: 'file', text: 'client certificate in PEM, with --client-key' },
  { name: 'client-key', value: 'FILE', completes: 'file', text: 'its private key; login asks for the passphrase' },
  { name: 'client-pfx', value: 'FILE', completes: 'file', text: 'client certificate and key in one PKCS#12 file' },
  ...partnerSettings,
];
