import { createHmac, generateKeyPair, sign, timingSafeEqual, verify, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** A key that signs and checks one partner's tokens. */
export type TokenKey =
  | { readonly algorithm: 'HS256'; readonly secret: Buffer }
  | { readonly algorithm: 'RS256'; readonly privateKey: KeyObject; readonly publicKey: KeyObject };

export type Claims = Readonly<Record<string, unknown>>;

let rsaKey: Promise<TokenKey> | undefined;

/** An RS256 key of 2048 bits, made once a process: sandboxes start often in tests, and a key takes tens of milliseconds. */
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
  return `${signed}.${signature(signed, key).toString('base64url')}`;
}

/** The claims of a token that this key signed, or undefined. Expiry is not looked at. */
export function verifyToken(token: string, key: TokenKey): Claims | undefined {
  const parts = token.split('.');
  const [header, claims, given] = parts;
  if (parts.length !== 3 || header === undefined || claims === undefined || given === undefined) return undefined;
  // The algorithm is the key's, never the one that the token asks for.
  if (decode(header)?.alg !== key.algorithm) return undefined;
  const signed = `${header}.${claims}`;
  const bytes = Buffer.from(given, 'base64url');
  return hasSignature(signed, bytes, key) ? decode(claims) : undefined;
}

function signature(signed: string, key: TokenKey): Buffer {
  return key.algorithm === 'HS256'
    ? createHmac('sha256', key.secret).update(signed).digest()
    : sign('sha256', Buffer.from(signed), key.privateKey);
}

function hasSignature(signed: string, given: Buffer, key: TokenKey): boolean {
  if (key.algorithm === 'RS256') return verify('sha256', Buffer.from(signed), key.publicKey, given);
  const right = signature(signed, key);
  return given.length === right.length && timingSafeEqual(given, right);
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
