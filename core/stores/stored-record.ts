import * as v from 'valibot';
import { firstProblem } from '../lib/validation.ts';
import type { TokenSet } from '../tokens/token-set.ts';
import { recordVersion } from './record-encryption.ts';

/**
 * The record of one session in a `TokenStore`. Unknown fields, which a newer version of this package may add, are kept.
 */
export interface StoredSession {
  /** Of the form of the record. */
  readonly version: 1;
  /** Random; each login creates a new one. */
  readonly sessionId: string;
  /** Increases by one with each token set of the session. */
  readonly generation: number;
  /** The id of the partner definition. */
  readonly partner: string;
  /** The only origin that auth calls with the tokens are sent to. */
  readonly origin: string;
  /** The only origin that protected calls with the access token are sent to. Default: `origin`. */
  readonly apiOrigin?: string;
  /** The partner code that the session was opened with. */
  readonly partnerCode?: string;
  /** The account that is signed in, from the credentials or the access token. */
  readonly account?: string;
  /** The current tokens. */
  readonly tokens: TokenSet;
  /**
   * Written before a refresh is requested and removed with its response. If it is found later, the response was lost.
   */
  readonly intent?: {
    /** Epoch ms. */
    readonly at: number;
  };
  /** Present while a refresh token of another program is proven. */
  readonly adoption?: Adoption;
  /** The refresh token of another program that the session was signed in with, as `Adoption.token`. */
  readonly adopted?: string;
  /**
   * The partner has responded to the refresh token with tokens that could not be read, so that it has probably been replaced.
   * No process sends it again by itself.
   */
  readonly unread?: {
    /** Epoch ms. */
    readonly at: number;
  };
  /** Present if the partner has refused the credentials of a session that signs in again by itself. */
  readonly refusal?: Refusal;
  /** Present while no process requests a refresh, because the partner limits the number of calls. */
  readonly pause?: {
    /** Epoch ms. */
    readonly until: number;
    /** Whether the partner has stated how long to wait. */
    readonly stated: boolean;
  };
  /**
   * Present once the partner has refused the refresh token. The tokens still contain it, see `refusedUntil()`, unless the
   * account is not available.
   */
  readonly ended?: SessionEnd;
}

/**
 * Written before a refresh token of another program is proven by `adopt()`. If it is found later, the response was lost.
 */
export interface Adoption {
  /** Epoch ms. */
  readonly at: number;
  /** Recognizes the refresh token: the first 16 hex digits of its SHA-256. */
  readonly token: string;
}

/**
 * A refusal of the credentials of a session that is renewed by signing in again. No process sends them again by itself, so that
 * the account is not locked.
 */
export interface Refusal {
  /** Epoch ms. */
  readonly at: number;
  /** What the partner has refused. */
  readonly code: RefusalCode;
  /** Random, base64url. */
  readonly key: string;
  /** Recognizes the credentials: their hash with `key`, by scrypt, base64url. */
  readonly hash: string;
}

/** The error code with which a partner refused credentials; `configuration` if it refused the client. */
export type RefusalCode = (typeof refusalCodes)[number];

const refusalCodes = ['invalidCredentials', 'accountUnavailable', 'configuration'] as const;

/** How a session ended. Times are epoch ms. */
export interface SessionEnd {
  /** When the partner has first refused. */
  readonly at: number;
  /** The error code that calls fail with. */
  readonly code: EndCode;
  /** When the partner was last asked with the refused refresh token. Default: `at`. */
  readonly askedAt?: number;
  /** The partner has refused the access token too. */
  readonly accessRefused?: boolean;
  /** No rule of the partner definition says what the partner's error means, so that it may mean something else. */
  readonly unexplained?: boolean;
}

/** The record that a sign-out leaves, which distinguishes it from a store that has lost its content. */
export interface Tombstone {
  /** Of the form of the record. */
  readonly version: 1;
  /** Epoch ms; 0 if there was no sign-out, but the store has never held a session. */
  readonly signedOutAt: number;
  /** As in `StoredSession`. */
  readonly adoption?: Adoption;
  /** As in `StoredSession`. */
  readonly refusal?: Refusal;
}

/**
 * A record that `encryptedStore()` has encrypted by AES-256-GCM. A store keeps it as it is. Its additional authenticated
 * data is the UTF-8 JSON of `[name, version, generation]`, without spaces.
 */
export interface EncryptedRecord {
  /** Of the form of the record. */
  readonly version: 2;
  /** The record, encrypted. */
  readonly encrypted: {
    /** Which of the keys has encrypted it. */
    readonly keyId: string;
    /** 12 random bytes, another IV for each write, as base64. */
    readonly iv: string;
    /** 16 bytes, as base64. */
    readonly tag: string;
    /** The JSON of the record, encrypted, as base64. */
    readonly data: string;
  };
  /** That of the session; 0 after a sign-out. */
  readonly generation: number;
  /** Present after a sign-out, as in a `Tombstone`, so that a store can remove its other copies of tokens. */
  readonly signedOutAt?: number;
}

/** A record that a session can use. */
export type PlainRecord = StoredSession | Tombstone;

/** What a `TokenStore` contains. */
export type StoredRecord = PlainRecord | EncryptedRecord;

/** The error code with which a session ended. */
export type EndCode = 'sessionEnded' | 'refreshInterrupted' | RefusalCode;

/** The version of a session or sign-out that is not encrypted. */
const plainVersion = 1;

const timestamp = v.pipe(v.number(), v.minValue(0), v.maxValue(8.64e15));
const nonEmptyString = v.pipe(v.string(), v.minLength(1));

const adoption = v.optional(v.object({ at: timestamp, token: nonEmptyString }));

const refusal = v.optional(
  v.object({
    at: timestamp,
    code: v.picklist(refusalCodes),
    key: nonEmptyString,
    hash: nonEmptyString,
  }),
);

const sessionSchema = v.object({
  version: v.literal(plainVersion),
  sessionId: nonEmptyString,
  generation: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  partner: nonEmptyString,
  origin: nonEmptyString,
  apiOrigin: v.optional(nonEmptyString),
  partnerCode: v.optional(v.string()),
  account: v.optional(v.string()),
  tokens: v.object({
    accessToken: nonEmptyString,
    refreshToken: v.optional(nonEmptyString),
    issuedAt: timestamp,
    accessExpiresAt: v.optional(timestamp),
    refreshExpiresAt: v.optional(timestamp),
  }),
  intent: v.optional(v.object({ at: timestamp })),
  adoption,
  adopted: v.optional(nonEmptyString),
  unread: v.optional(v.object({ at: timestamp })),
  refusal,
  pause: v.optional(v.object({ until: timestamp, stated: v.boolean() })),
  ended: v.optional(
    v.object({
      at: timestamp,
      code: v.picklist(['sessionEnded', 'refreshInterrupted', ...refusalCodes]),
      askedAt: v.optional(timestamp),
      accessRefused: v.optional(v.boolean()),
      unexplained: v.optional(v.boolean()),
    }),
  ),
});
const tombstoneSchema = v.object({ version: v.literal(plainVersion), signedOutAt: timestamp, adoption, refusal });
const encryptedSchema = v.object({
  version: v.literal(recordVersion),
  encrypted: v.object({ keyId: nonEmptyString, iv: nonEmptyString, tag: nonEmptyString, data: nonEmptyString }),
  generation: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  signedOutAt: v.optional(timestamp),
});

/** The result of `parseStoredRecord()`. */
export type ParsedRecord =
  | {
      /** A session, or the record of a sign-out. */
      readonly kind: 'record';
      /** The value, with its unknown fields. */
      readonly record: PlainRecord;
    }
  | {
      /** Written by `encryptedStore()`, which is required to read it. */
      readonly kind: 'encrypted';
      /** The value, with its unknown fields. */
      readonly record: EncryptedRecord;
    }
  | {
      /** Written by a newer version of this package, which may be using it. */
      readonly kind: 'newer';
      /** Of the record. */
      readonly version: number;
    }
  | {
      /** No record. */
      readonly kind: 'invalid';
      /** Names the field but does not contain its value. */
      readonly problem: string;
    };

/** Checks a value that a store returned. The record is the value itself, with its unknown fields. */
export function parseStoredRecord(value: unknown): ParsedRecord {
  const fields = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const { version } = fields;
  const hasEncrypted = 'encrypted' in fields;
  if (typeof version === 'number' && (version > recordVersion || (version === recordVersion && !hasEncrypted)))
    return { kind: 'newer', version };
  if (value === undefined) return { kind: 'invalid', problem: 'it is not JSON' };
  const schema = hasEncrypted ? encryptedSchema : 'signedOutAt' in fields ? tombstoneSchema : sessionSchema;
  const problem = firstProblem(schema, value);
  if (problem === undefined) {
    return hasEncrypted
      ? { kind: 'encrypted', record: value as EncryptedRecord }
      : { kind: 'record', record: value as PlainRecord };
  }
  return { kind: 'invalid', problem: `${problem.path === '' ? 'the record' : problem.path} ${problem.message}` };
}

/** How long a refused refresh token without a deadline of its own is kept, in ms: 14 days. */
const refusedLifetime = 14 * 86_400_000;

/**
 * Until when the partner may be asked again with the refused refresh token of a session that has ended, epoch ms; undefined
 * if there is none.
 */
export function refusedUntil({ tokens, ended }: Pick<StoredSession, 'tokens' | 'ended'>): number | undefined {
  if (ended === undefined || tokens.refreshToken === undefined) return undefined;
  return tokens.refreshExpiresAt ?? ended.at + refusedLifetime;
}

export function isTombstone(record: PlainRecord): record is Tombstone {
  return isSignOut(record);
}

/** Whether the record, also an encrypted one, is that of a sign-out. */
export function isSignOut(record: object): boolean {
  return 'signedOutAt' in record;
}

export function isEncrypted(record: object): record is EncryptedRecord {
  return 'encrypted' in record;
}
