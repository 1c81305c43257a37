import { createHmac, generateKeyPair, sign, timingSafeEqual, verify, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** The key that signs and verifies one partner's tokens. */
export type TokenKey =
  | { readonly algorithm: 'HS256'; readonly secret: Buffer }
  | { readonly algorithm: 'RS256'; readonly privateKey: KeyObject; readonly publicKey: KeyObject };

export type Claims = Readonly<Record<string, unknown>>;

let rsaKey: Promise<TokenKey> | undefined;

/** An RS256 key of 2048 bits, created once per process: tests start many sandboxes, and a key takes tens of milliseconds. */
export function processRsaKey(): Promise<TokenKey> {
  rsaKey ??= promisify(generateKeyPair)('rsa', { modulusLength: 2048 }).then(({ privateKey, publicKey }) => ({
    algorithm: 'RS256',
    privateKey,
    publicKey,
  }));
  return rsaKey;
}

export function signToken(claims: Claims, key: TokenKey): string {
  const signed = `${encode({ alg: key.algorithm, typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${createSignature(signed, key).toString('base64url')}`;
}

/** Returns the claims of a token that this key signed, or undefined. Does not check expiry. */
export function verifyToken(token: string, key: TokenKey): Claims | undefined {
  const parts = token.split('.');
  const [header, claims, encodedSignature] = parts;
  if (parts.length !== 3 || header === undefined || claims === undefined || encodedSignature === undefined)
    return undefined;
  // The key determines the algorithm, never the token's header.
  if (decode(header)?.alg !== key.algorithm) return undefined;
  const signed = `${header}.${claims}`;
  const bytes = Buffer.from(encodedSignature, 'base64url');
  return hasSignature(signed, bytes, key) ? decode(claims) : undefined;
}

function createSignature(signed: string, key: TokenKey): Buffer {
  return key.algorithm === 'HS256'
    ? createHmac('sha256', key.secret).update(signed).digest()
    : sign('sha256', Buffer.from(signed), key.privateKey);
}

function hasSignature(signed: string, actual: Buffer, key: TokenKey): boolean {
  if (key.algorithm === 'RS256') return verify('sha256', Buffer.from(signed), key.publicKey, actual);
  const expected = createSignature(signed, key);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
}
