/** How a partner treats a refresh token that was already used. */
export type Rotation = 'reuseAllowed' | 'strict' | 'reuseDetection';

/** Times are epoch milliseconds. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly accessExpiresAt: number;
  readonly refreshExpiresAt: number;
}

/** Makes the token text. The family id is a UUID; times are epoch milliseconds. */
export type TokenMint = (kind: 'access' | 'refresh', family: string, issuedAt: number, expiresAt: number) => string;

export interface IssueRules {
  readonly mint: TokenMint;
  /** Seconds. */
  readonly accessLifetime: number;
  /** Seconds. */
  readonly refreshLifetime: number;
}

export interface RefreshRules extends IssueRules {
  readonly rotation: Rotation;
  /** Seconds in which a used refresh token is answered with the same new pair again. */
  readonly graceTime: number;
  /** True when the refresh token stays as it is and only a new access token is issued. */
  readonly keepRefreshToken: boolean;
}

export type Refusal = 'unknown' | 'expired' | 'replayed' | 'revoked';

interface Family {
  readonly id: string;
  refreshDead: boolean;
  accessDead: boolean;
}

interface RefreshRecord {
  readonly family: Family;
  readonly expiresAt: number;
  used?: { readonly at: number; readonly successor: TokenPair };
}

interface AccessRecord {
  readonly families: Set<Family>;
  expiresAt: number;
}

const pruneEvery = 1000;

/**
 * The sessions of one partner: which tokens were issued, used and revoked. Plain state; every rule and the time come with the call.
 *
 * A token lives until the millisecond its lifetime ends, though its `exp` claim counts whole seconds: with lifetimes of a second the
 * rounding would otherwise eat half of the life.
 */
export class TokenFamilies {
  readonly #refresh = new Map<string, RefreshRecord>();
  readonly #access = new Map<string, AccessRecord>();
  readonly #families = new Map<string, Family>();
  #current: TokenPair | undefined;
  #issued = 0;

  /** The pair that was issued last. */
  get current(): TokenPair | undefined {
    return this.#current;
  }

  /** Starts a session. */
  open(family: string, now: number, rules: IssueRules): TokenPair {
    const opened: Family = { id: family, refreshDead: false, accessDead: false };
    this.#families.set(family, opened);
    return this.#issue(opened, now, rules);
  }

  refresh(token: string, now: number, rules: RefreshRules): TokenPair | Refusal {
    const record = this.#refresh.get(token);
    if (record === undefined) return 'unknown';
    if (record.family.refreshDead) return 'revoked';
    if (now >= record.expiresAt) return 'expired';
    if (record.used !== undefined && rules.rotation !== 'reuseAllowed') {
      if (now - record.used.at < rules.graceTime * 1000) return record.used.successor;
      if (rules.rotation === 'reuseDetection') end(record.family);
      return 'replayed';
    }
    if (rules.keepRefreshToken) return this.#renewAccess(record, token, now, rules);
    const pair = this.#issue(record.family, now, rules);
    // Tokens without an id are byte-identical within a second (Cloudreve): such a successor is the token itself, and unused.
    if (pair.refreshToken !== token) record.used ??= { at: now, successor: pair };
    return pair;
  }

  /** Undefined when the access token is good. */
  refuseAccess(token: string, now: number): Refusal | undefined {
    const record = this.#access.get(token);
    if (record === undefined) return 'unknown';
    if ([...record.families].every((family) => family.accessDead)) return 'revoked';
    return now >= record.expiresAt ? 'expired' : undefined;
  }

  /** Ends the refresh tokens of a family; its access tokens live on. */
  revokeRefresh(family: string): void {
    const found = this.#families.get(family);
    if (found !== undefined) found.refreshDead = true;
  }

  /** Ends one session, access tokens included. */
  revoke(family: string): void {
    const found = this.#families.get(family);
    if (found !== undefined) end(found);
  }

  /** Ends every session, access tokens included. */
  revokeAll(): void {
    for (const family of this.#families.values()) end(family);
  }

  #issue(family: Family, now: number, rules: IssueRules): TokenPair {
    this.#prune(now);
    const refreshExpiresAt = now + rules.refreshLifetime * 1000;
    const refreshToken = rules.mint('refresh', family.id, now, refreshExpiresAt);
    this.#refresh.set(refreshToken, { family, expiresAt: refreshExpiresAt });
    return this.#withAccess(family, { refreshToken, refreshExpiresAt }, now, rules);
  }

  #renewAccess(record: RefreshRecord, refreshToken: string, now: number, rules: IssueRules): TokenPair {
    this.#prune(now);
    return this.#withAccess(record.family, { refreshToken, refreshExpiresAt: record.expiresAt }, now, rules);
  }

  #withAccess(
    family: Family,
    refresh: Pick<TokenPair, 'refreshToken' | 'refreshExpiresAt'>,
    now: number,
    rules: IssueRules,
  ): TokenPair {
    const accessExpiresAt = now + rules.accessLifetime * 1000;
    const accessToken = rules.mint('access', family.id, now, accessExpiresAt);
    const known = this.#access.get(accessToken) ?? { families: new Set(), expiresAt: accessExpiresAt };
    known.families.add(family);
    known.expiresAt = Math.max(known.expiresAt, accessExpiresAt);
    this.#access.set(accessToken, known);
    this.#current = Object.freeze({ accessToken, accessExpiresAt, ...refresh });
    return this.#current;
  }

  // A soak of hours with lifetimes of a second must not fill the memory; the `exp` claim still tells that a forgotten token expired.
  #prune(now: number): void {
    this.#issued += 1;
    if (this.#issued % pruneEvery !== 0) return;
    for (const map of [this.#refresh, this.#access]) {
      for (const [token, { expiresAt }] of map) if (now >= expiresAt) map.delete(token);
    }
  }
}

function end(family: Family): void {
  family.refreshDead = true;
  family.accessDead = true;
}
