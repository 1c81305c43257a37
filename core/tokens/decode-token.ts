import { parseJson } from '../lib/json.ts';

/** The content of a JWT, unverified. */
export interface DecodedToken {
  /** Its first part, such as `alg`. */
  readonly header: Readonly<Record<string, unknown>>;
  /** Its second part, such as `sub` and `exp`. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Always false: the signature is not checked, so anyone may have written these claims. */
  readonly verified: false;
}

/**
 * Decodes a signed JWT (RFC 7519) for display, without verifying its signature.
 *
 * @returns Undefined for any other string: partners may use tokens that are not JWTs.
 */
export function decodeToken(jwt: string): DecodedToken | undefined {
  if (typeof jwt !== 'string' || jwt.length > 65_536) return undefined;
  const parts = jwt.split('.');
  if (parts.length !== 3) return undefined;
  const [header, claims] = parts.slice(0, 2).map(decodePart);
  return header && claims ? { header, claims, verified: false } : undefined;
}

function decodePart(text: string): Record<string, unknown> | undefined {
  if (!/^[\w-]+$/.test(text)) return undefined;
  const value = parseJson(Buffer.from(text, 'base64url').toString('utf8'));
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
