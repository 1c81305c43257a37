import type { SandboxCipher } from '../codec/settings.ts';
import type { PartnerServer, ReceivedRequest, SandboxOutcome } from '../http/exchange.ts';
import type { SandboxScenarios } from '../scenarios.ts';
import type { Claims, TokenKey } from '../tokens/jwt.ts';
import { verifyToken } from '../tokens/jwt.ts';
import type { Refusal, RefreshRules, Rotation, TokenFamilies, TokenMint, TokenPair } from '../tokens/families.ts';

/** The account that a partner knows. A profile shows all of it; its credentials are not enumerable there. */
export interface SandboxAccount {
  readonly partnerCode?: string;
  readonly cipher?: SandboxCipher;
  readonly credentials: object;
}

/** A built-in partner as the sandbox serves it, written from the partner's pages and not from its definition. */
export interface SandboxTwin<Given, Account extends SandboxAccount> {
  readonly tokenAlgorithm: TokenKey['algorithm'];
  /** The account, with random values for whatever the caller has not fixed. */
  readonly completeAccount: (given: Given) => Account;
  readonly create: (parts: PartnerParts<Account>) => PartnerServer;
}

/** What every partner is built from. */
export interface PartnerParts<Account> {
  readonly account: Account;
  readonly families: TokenFamilies;
  readonly key: TokenKey;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly scenarios: () => SandboxScenarios;
}

/** What a partner does unless a scenario says otherwise; lifetimes in seconds. */
export interface PartnerDefaults {
  readonly accessLifetime: number;
  readonly refreshLifetime: number;
  readonly rotation: Rotation;
}

export function refreshRules(scenarios: SandboxScenarios, defaults: PartnerDefaults, mint: TokenMint): RefreshRules {
  return {
    mint,
    accessLifetime: scenarios.accessLifetime ?? defaults.accessLifetime,
    refreshLifetime: scenarios.refreshLifetime ?? defaults.refreshLifetime,
    rotation: scenarios.rotation ?? defaults.rotation,
    graceTime: scenarios.graceTime,
    keepRefreshToken: scenarios.refreshTokenInResponse !== 'new',
  };
}

/** Verified claims, or why the token is not even worth looking up. `exp` may lag a token's life by the rest of its last second. */
export function readToken(token: string, key: TokenKey, now: number): Claims | 'unknown' | 'expired' {
  const claims = verifyToken(token, key);
  if (claims === undefined) return 'unknown';
  const expires = claims.exp;
  return typeof expires === 'number' && now < (expires + 1) * 1000 ? claims : 'expired';
}

export function isPair(result: TokenPair | Refusal): result is TokenPair {
  return typeof result === 'object';
}

export function outcomeOf(refusal: Refusal): SandboxOutcome {
  return refusal === 'unknown' ? 'badToken' : refusal;
}

/** The bearer token of a request, or undefined. */
export function bearerOf(request: ReceivedRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** Whole seconds from now until a deadline in epoch milliseconds. */
export function secondsUntil(deadline: number, now: number): number {
  return Math.round((deadline - now) / 1000);
}

export function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
