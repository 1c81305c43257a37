import * as v from 'valibot';
import { firstProblem } from '../../check.ts';

/** Both tokens with their deadlines. All times are epoch ms on this machine's clock. */
export interface TokenSet {
  readonly accessToken: string;
  /** Absent where the partner gave none, or after it was refused. */
  readonly refreshToken?: string;
  /** When the request that got them was sent. */
  readonly issuedAt: number;
  /** Absent when the partner did not say: then the token counts as valid until the partner refuses it. */
  readonly accessExpiresAt?: number;
  readonly refreshExpiresAt?: number;
}

/** What a `TokenStore` keeps of one session. */
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
  /** Written before a refresh is asked for and gone with its answer: found later, that answer was lost. */
  readonly intent?: { readonly at: number };
  readonly ended?: { readonly at: number; readonly code: EndCode };
}

/** What a sign-out leaves in a store, so that others who share it can tell it from a store that lost its content. */
export interface SignedOutMark {
  readonly version: 1;
  readonly signedOutAt: number;
}

export type StoredRecord = StoredSession | SignedOutMark;

export type EndCode = 'sessionEnded' | 'refreshInterrupted' | 'accountUnavailable';

const time = v.pipe(v.number(), v.minValue(0), v.maxValue(8.64e15));
const text = v.pipe(v.string(), v.minLength(1));

const schema = v.object({
  version: v.literal(1),
  sessionId: text,
  generation: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  partner: text,
  origin: text,
  partnerCode: v.optional(v.string()),
  account: v.optional(v.string()),
  tokens: v.object({
    accessToken: text,
    refreshToken: v.optional(text),
    issuedAt: time,
    accessExpiresAt: v.optional(time),
    refreshExpiresAt: v.optional(time),
  }),
  intent: v.optional(v.object({ at: time })),
  ended: v.optional(
    v.object({ at: time, code: v.picklist(['sessionEnded', 'refreshInterrupted', 'accountUnavailable']) }),
  ),
});

const markSchema = v.object({ version: v.literal(1), signedOutAt: time });

export function isSignedOut(record: StoredRecord): record is SignedOutMark {
  return 'signedOutAt' in record;
}

/** The record, or why it is none; the reason names the field and never shows its value. */
export function parseStoredRecord(value: unknown): { record: StoredRecord } | { problem: string } {
  const marked = typeof value === 'object' && value !== null && 'signedOutAt' in value;
  const problem = firstProblem(marked ? markSchema : schema, value);
  if (problem === undefined) return { record: value as StoredRecord };
  return { problem: `${problem.path === '' ? 'the record' : problem.path} ${problem.message}` };
}
