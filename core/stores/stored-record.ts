import * as v from 'valibot';
import { firstProblem } from '../lib/validation.ts';
import type { TokenSet } from '../tokens/token-set.ts';

/** What a `TokenStore` keeps of one session. Fields that a newer version of this package added are carried through. */
export interface StoredSession {
  readonly version: 1;
  /** Random, new with each login. */
  readonly sessionId: string;
  /** Grows by one with each token set of the session. */
  readonly generation: number;
  readonly partner: string;
  /** Tokens are never sent to another origin than this one. */
  readonly origin: string;
  readonly partnerCode?: string;
  readonly account?: string;
  readonly tokens: TokenSet;
  /** Written before a refresh is requested and removed with its response: found later, that response was lost. */
  readonly intent?: { readonly at: number };
  readonly ended?: { readonly at: number; readonly code: EndCode };
}

/** What a sign-out leaves in a store, so that others who share it can tell it from a store that lost its content. */
export interface Tombstone {
  readonly version: 1;
  readonly signedOutAt: number;
}

export type StoredRecord = StoredSession | Tombstone;

export type EndCode = 'sessionEnded' | 'refreshInterrupted' | 'accountUnavailable';

/** The record version that this package writes, and the highest that it reads. */
export const recordVersion = 1;

const time = v.pipe(v.number(), v.minValue(0), v.maxValue(8.64e15));
const filled = v.pipe(v.string(), v.minLength(1));

const sessionSchema = v.object({
  version: v.literal(recordVersion),
  sessionId: filled,
  generation: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  partner: filled,
  origin: filled,
  partnerCode: v.optional(v.string()),
  account: v.optional(v.string()),
  tokens: v.object({
    accessToken: filled,
    refreshToken: v.optional(filled),
    issuedAt: time,
    accessExpiresAt: v.optional(time),
    refreshExpiresAt: v.optional(time),
  }),
  intent: v.optional(v.object({ at: time })),
  ended: v.optional(
    v.object({ at: time, code: v.picklist(['sessionEnded', 'refreshInterrupted', 'accountUnavailable']) }),
  ),
});
const tombstoneSchema = v.object({ version: v.literal(recordVersion), signedOutAt: time });

export type ParsedRecord =
  | { readonly kind: 'record'; readonly record: StoredRecord }
  /** Written by a newer version of this package: it may be a session that is in use. */
  | { readonly kind: 'newer'; readonly version: number }
  /** The reason names the field and never shows its value. */
  | { readonly kind: 'invalid'; readonly problem: string };

/** Reads what a store returned. The record is the value itself, unknown fields included. */
export function parseStoredRecord(value: unknown): ParsedRecord {
  const fields = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const { version } = fields;
  if (typeof version === 'number' && version > recordVersion) return { kind: 'newer', version };
  const problem = firstProblem('signedOutAt' in fields ? tombstoneSchema : sessionSchema, value);
  if (problem === undefined) return { kind: 'record', record: value as StoredRecord };
  return { kind: 'invalid', problem: `${problem.path === '' ? 'the record' : problem.path} ${problem.message}` };
}

export function isTombstone(record: StoredRecord): record is Tombstone {
  return 'signedOutAt' in record;
}
