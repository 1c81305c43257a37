import type { AuthCall, ExpiryField, PartnerDefinition } from '../../partners/definition.ts';
import type { Codec } from '../codec/codec.ts';
import type { SandboxResponse } from '../http/exchange.ts';
import { secondsUntil } from '../partners/partner.ts';
import type { TokenPair } from '../tokens/families.ts';
import { setAt, setIn, type Json } from './paths.ts';

export interface Responses {
  /** Builds a success response with these fields, by path: with the success marker, and encrypted if the definition says so. */
  readonly succeed: (fields: Readonly<Record<string, unknown>>) => SandboxResponse;
  /** Builds the success response of a call that issued tokens. */
  readonly respondWithTokens: (
    call: AuthCall,
    pair: TokenPair,
    now: number,
    withRefreshToken: boolean,
  ) => SandboxResponse;
}

export function createResponses({ response: shape, refresh }: PartnerDefinition, codec: Codec | undefined): Responses {
  const hasRefreshToken = typeof refresh === 'object' && refresh.sliding !== true;
  return { succeed, respondWithTokens };

  function succeed(fields: Readonly<Record<string, unknown>>): SandboxResponse {
    const json: Json = {};
    for (const [path, value] of Object.entries(fields)) setAt(json, path, value);
    if (shape.success !== undefined) setAt(json, shape.success.field, shape.success.equals);
    const { encryptedIn } = shape;
    if (encryptedIn === undefined || codec === undefined) return { status: 200, outcome: 'ok', json };
    return { status: 200, outcome: 'ok', json, encrypt: (plain) => encryptBody(plain, encryptedIn, codec) };
  }

  function respondWithTokens(call: AuthCall, pair: TokenPair, now: number, withRefreshToken: boolean): SandboxResponse {
    const tokenPath = (path: string): string => (call.tokensIn === undefined ? path : `${call.tokensIn}.${path}`);
    const expiry = (field: ExpiryField | undefined, expiresAt: number): Record<string, unknown> =>
      field === undefined ? {} : { [tokenPath(field.field)]: formatExpiry(field, expiresAt, now) };
    return succeed({
      [tokenPath(shape.accessToken)]: pair.accessToken,
      ...expiry(shape.accessExpiry, pair.accessExpiresAt),
      ...(withRefreshToken && hasRefreshToken && shape.refreshToken !== undefined
        ? { [tokenPath(shape.refreshToken)]: pair.refreshToken, ...expiry(shape.refreshExpiry, pair.refreshExpiresAt) }
        : {}),
    });
  }
}

function encryptBody(plain: unknown, encryptedIn: string, codec: Codec): Json {
  const { ciphertext, iv } = codec.encrypt(JSON.stringify(plain));
  const envelope: Json = {};
  setAt(envelope, encryptedIn, ciphertext);
  // The name of the IV's field is not a path.
  if (iv !== undefined && codec.ivField !== undefined) {
    setIn(envelope, [...encryptedIn.split('.').slice(0, -1), codec.ivField], iv);
  }
  return envelope;
}

function formatExpiry({ unit }: ExpiryField, expiresAt: number, now: number): string | number {
  switch (unit) {
    case 'seconds':
      return secondsUntil(expiresAt, now);
    case 'milliseconds':
      return Math.round(expiresAt - now);
    case 'epochSeconds':
      return Math.floor(expiresAt / 1000);
    case 'epochMilliseconds':
      return Math.floor(expiresAt);
    case 'rfc3339':
      // In a zone other than UTC, so that a client that ignores the zone fails.
      return new Date(Math.floor(expiresAt) + 7 * 3_600_000).toISOString().replace('Z', '+07:00');
  }
}
