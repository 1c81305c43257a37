import { parseJson } from '../lib/json.ts';

export interface DecodedToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Always false: the signature was not looked at, so anybody may have written these claims. */
  readonly verified: false;
}

/**
 * What a JWT (RFC 7519, signed form) says about itself, for display only: nothing is verified. Undefined for any other
 * text; partners may use tokens that are no JWT.
 */
export function decodeToken(jwt: string): DecodedToken | undefined {
  if (typeof jwt !== 'string' || jwt.length > 65_536) return undefined;
  const parts = jwt.split('.');
  if (parts.length !== 3) return undefined;
  const [header, claims] = parts.slice(0, 2).map(part);
  return header && claims ? { header, claims, verified: false } : undefined;
}

function part(text: string): Record<string, unknown> | undefined {
  if (!/^[\w-]+$/.test(text)) return undefined;
  const value = parseJson(Buffer.from(text, 'base64url').toString('utf8'));
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
