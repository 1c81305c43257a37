import type { AuthCall, ExpiryField, PartnerDefinition, ResponseShape } from '../../partners/definition.ts';
import type { Codec } from '../codec/codec.ts';
import type { SandboxResponse } from '../http/exchange.ts';
import { secondsUntil } from '../partners/partner.ts';
import type { TokenPair } from '../tokens/families.ts';
import { place, setAt, setIn, toResponse, type Content, type Json } from './paths.ts';

export interface Responses {
  /** Builds a success response with these fields, by path: with the success marker, and encrypted if the definition says so. */
  readonly succeed: (fields: Readonly<Record<string, unknown>>, call?: AuthCall) => SandboxResponse;
  /** Builds the success response of a call that issued tokens. */
  readonly respondWithTokens: (
    call: AuthCall,
    pair: TokenPair,
    now: number,
    withRefreshToken: boolean,
  ) => SandboxResponse;
}

/** Where the responses to a call have their fields. */
export function shapeOf({ response }: PartnerDefinition, call: AuthCall | undefined): ResponseShape {
  return { ...response, ...call?.response };
}

export function createResponses(definition: PartnerDefinition, codec: Codec | undefined): Responses {
  const { refresh } = definition;
  const hasRefreshToken = typeof refresh === 'object' && refresh.sliding !== true;
  return { succeed, respondWithTokens };

  function succeed(fields: Readonly<Record<string, unknown>>, call?: AuthCall): SandboxResponse {
    const { success, encryptedIn } = shapeOf(definition, call);
    const content: Content = { json: {}, headers: {} };
    for (const [path, value] of Object.entries(fields)) place(content, path, value);
    if (success !== undefined) place(content, success.field, success.equals);
    const response = { status: 200, outcome: 'ok', ...toResponse(content) } as const;
    if (encryptedIn === undefined || codec === undefined) return response;
    return { ...response, encrypt: (plain) => encryptBody(plain, encryptedIn, codec) };
  }

  function respondWithTokens(call: AuthCall, pair: TokenPair, now: number, withRefreshToken: boolean): SandboxResponse {
    const shape = shapeOf(definition, call);
    const isBelow = (path: string): boolean => call.tokensIn !== undefined && !/^(?:header|cookie|body):/.test(path);
    const tokenPath = (path: string): string => (isBelow(path) ? `${call.tokensIn ?? ''}.${path}` : path);
    const expiry = (field: ExpiryField | undefined, expiresAt: number): Record<string, unknown> =>
      field === undefined ? {} : { [tokenPath(field.field)]: formatExpiry(field, expiresAt, now) };
    return succeed(
      {
        [tokenPath(shape.accessToken)]: pair.accessToken,
        ...expiry(shape.accessExpiry, pair.accessExpiresAt),
        ...(withRefreshToken && hasRefreshToken && shape.refreshToken !== undefined
          ? {
              [tokenPath(shape.refreshToken)]: pair.refreshToken,
              ...expiry(shape.refreshExpiry, pair.refreshExpiresAt),
            }
          : {}),
      },
      call,
    );
  }
}

function encryptBody(plain: unknown, encryptedIn: string, codec: Codec): Json | string {
  const { ciphertext, iv } = codec.encrypt(JSON.stringify(plain));
  if (encryptedIn === 'body:') return ciphertext;
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
