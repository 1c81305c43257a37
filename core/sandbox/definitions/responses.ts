import type { AuthCall, ExpiryField, PartnerDefinition } from '../../partners/definition.ts';
import type { Codec } from '../codec/codec.ts';
import type { SandboxResponse } from '../http/exchange.ts';
import { secondsUntil } from '../partners/partner.ts';
import type { TokenPair } from '../tokens/families.ts';
import { put, putAt, type Json } from './paths.ts';

export interface Responses {
  /** A success with these fields, by path: marked, and encrypted where the definition says so. */
  readonly succeed: (fields: Readonly<Record<string, unknown>>) => SandboxResponse;
  readonly issued: (call: AuthCall, pair: TokenPair, now: number, withRefreshToken: boolean) => SandboxResponse;
}

export function createResponses({ response: shape }: PartnerDefinition, codec: Codec | undefined): Responses {
  return { succeed, issued };

  function succeed(fields: Readonly<Record<string, unknown>>): SandboxResponse {
    const json: Json = {};
    for (const [path, value] of Object.entries(fields)) putAt(json, path, value);
    if (shape.success !== undefined) putAt(json, shape.success.field, shape.success.equals);
    const { encryptedIn } = shape;
    if (encryptedIn === undefined || codec === undefined) return { status: 200, outcome: 'ok', json };
    return { status: 200, outcome: 'ok', json, encrypt: (plain) => seal(plain, encryptedIn, codec) };
  }

  function issued(call: AuthCall, pair: TokenPair, now: number, withRefreshToken: boolean): SandboxResponse {
    const at = (path: string): string => (call.tokensIn === undefined ? path : `${call.tokensIn}.${path}`);
    const expiry = (field: ExpiryField | undefined, expiresAt: number): Record<string, unknown> =>
      field === undefined ? {} : { [at(field.field)]: moment(field, expiresAt, now) };
    return succeed({
      [at(shape.accessToken)]: pair.accessToken,
      ...expiry(shape.accessExpiry, pair.accessExpiresAt),
      ...(withRefreshToken
        ? { [at(shape.refreshToken)]: pair.refreshToken, ...expiry(shape.refreshExpiry, pair.refreshExpiresAt) }
        : {}),
    });
  }
}

function seal(plain: unknown, encryptedIn: string, codec: Codec): Json {
  const { text, iv } = codec.encrypt(JSON.stringify(plain));
  const outer: Json = {};
  putAt(outer, encryptedIn, text);
  // The name of the IV's field is no path.
  if (iv !== undefined && codec.ivField !== undefined) {
    put(outer, [...encryptedIn.split('.').slice(0, -1), codec.ivField], iv);
  }
  return outer;
}

function moment({ unit }: ExpiryField, expiresAt: number, now: number): string | number {
  switch (unit) {
    case 'seconds':
      return secondsUntil(expiresAt, now);
    case 'rfc3339':
      // With a zone that is not UTC, so that a client that drops it shows.
      return new Date(Math.floor(expiresAt) + 7 * 3_600_000).toISOString().replace('Z', '+07:00');
  }
}
