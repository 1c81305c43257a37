import type { SandboxCipher } from '../codec/settings.ts';
import type { PartnerServer, ReceivedRequest, SandboxOutcome } from '../http/exchange.ts';
import type { SandboxScenarios } from '../scenarios.ts';
import type { Claims, TokenKey } from '../tokens/jwt.ts';
import { verifyToken } from '../tokens/jwt.ts';
import type { RefreshRules, Refusal, Rotation, TokenFamilies, TokenMint, TokenPair } from '../tokens/families.ts';

/** The account at a partner. A profile contains all of it, with the credentials not enumerable. */
export interface SandboxAccount {
  readonly partnerCode?: string;
  readonly cipher?: SandboxCipher;
  readonly credentials: object;
}

/** The sandbox's implementation of a built-in partner, written from the partner's pages and not from its definition. */
export interface PartnerSimulator<Overrides, Account extends SandboxAccount> {
  readonly tokenAlgorithm: TokenKey['algorithm'];
  /** Completes the account with random values. */
  readonly completeAccount: (overrides: Overrides) => Account;
  readonly create: (context: PartnerContext<Account>) => PartnerServer;
}

/** What a partner's server depends on. */
export interface PartnerContext<Account> {
  readonly account: Account;
  readonly families: TokenFamilies;
  readonly key: TokenKey;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly scenarios: () => SandboxScenarios;
}

/** A partner's behaviour unless a scenario changes it. Lifetimes in seconds. */
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

/**
 * Returns the verified claims, or why the token is invalid. `leeway` is how long after the second in `exp` a token is accepted, in seconds.
 * By default to the end of that second.
 */
export function readToken(token: string, key: TokenKey, now: number, leeway = 1): Claims | 'unknown' | 'expired' {
  const claims = verifyToken(token, key);
  if (claims === undefined) return 'unknown';
  const expiry = claims.exp;
  return typeof expiry === 'number' && now < (expiry + leeway) * 1000 ? claims : 'expired';
}

export function isTokenPair(result: TokenPair | Refusal): result is TokenPair {
  return typeof result === 'object';
}

export function toOutcome(refusal: Refusal): SandboxOutcome {
  return refusal === 'unknown' ? 'badToken' : refusal;
}

/** Returns the bearer token of a request, or undefined. */
export function readBearer(request: ReceivedRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** Returns the whole seconds from now until a deadline, both in epoch milliseconds. */
export function secondsUntil(deadline: number, now: number): number {
  return Math.round((deadline - now) / 1000);
}

export function isNonEmptyString(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
