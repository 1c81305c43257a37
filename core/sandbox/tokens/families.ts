/** How a partner treats a refresh token that is used again. */
export type Rotation = 'reuseAllowed' | 'strict' | 'reuseDetection';

/** Times are epoch milliseconds. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly accessExpiresAt: number;
  readonly refreshExpiresAt: number;
}

/** Creates a token. The family id is a UUID; times are epoch milliseconds. */
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
  /** Seconds during which a used refresh token returns the same new pair again. */
  readonly graceTime: number;
  /** Issues only a new access token and keeps the refresh token. */
  readonly keepRefreshToken: boolean;
}

export type Refusal = 'unknown' | 'expired' | 'replayed' | 'revoked';

interface Family {
  readonly id: string;
  isRefreshRevoked: boolean;
  isAccessRevoked: boolean;
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

const pruneInterval = 1000;

/**
 * The sessions of one partner: which tokens were issued, used and revoked. Rules and time are passed with each call.
 *
 * A token expires to the millisecond, although its `exp` claim is in whole seconds: with a lifetime of one second, rounding would
 * otherwise cut it by half on average.
 */
export class TokenFamilies {
  readonly #refresh = new Map<string, RefreshRecord>();
  readonly #access = new Map<string, AccessRecord>();
  readonly #families = new Map<string, Family>();
  #current: TokenPair | undefined;
  #issued = 0;

  /** The most recently issued pair. */
  get current(): TokenPair | undefined {
    return this.#current;
  }

  /** Starts a session. */
  open(family: string, now: number, rules: IssueRules): TokenPair {
    const opened: Family = { id: family, isRefreshRevoked: false, isAccessRevoked: false };
    this.#families.set(family, opened);
    return this.#issuePair(opened, now, rules);
  }

  refresh(token: string, now: number, rules: RefreshRules): TokenPair | Refusal {
    const record = this.#refresh.get(token);
    if (record === undefined) return 'unknown';
    if (record.family.isRefreshRevoked) return 'revoked';
    if (now >= record.expiresAt) return 'expired';
    if (record.used !== undefined && rules.rotation !== 'reuseAllowed') {
      if (now - record.used.at < rules.graceTime * 1000) return record.used.successor;
      if (rules.rotation === 'reuseDetection') revokeFamily(record.family);
      return 'replayed';
    }
    if (rules.keepRefreshToken) return this.#renewAccess(record, token, now, rules);
    const pair = this.#issuePair(record.family, now, rules);
    // Tokens without an id are identical within one second (Cloudreve): such a successor is the token itself, and unused.
    if (pair.refreshToken !== token) record.used ??= { at: now, successor: pair };
    return pair;
  }

  /** Issues the next access token for one that is its own refresh token. The old one stays valid until it expires. */
  slide(token: string, now: number, rules: IssueRules): TokenPair | Refusal {
    const refusal = this.checkAccess(token, now);
    if (refusal !== undefined) return refusal;
    const families = [...(this.#access.get(token)?.families ?? [])];
    const family = families.find(({ isAccessRevoked }) => !isAccessRevoked);
    return family === undefined ? 'revoked' : this.#issuePair(family, now, rules);
  }

  /** Returns undefined if the access token is valid. */
  checkAccess(token: string, now: number): Refusal | undefined {
    const record = this.#access.get(token);
    if (record === undefined) return 'unknown';
    if ([...record.families].every((family) => family.isAccessRevoked)) return 'revoked';
    return now >= record.expiresAt ? 'expired' : undefined;
  }

  /** Revokes the refresh tokens of a family. Its access tokens stay valid. */
  revokeRefresh(family: string): void {
    const found = this.#families.get(family);
    if (found !== undefined) found.isRefreshRevoked = true;
  }

  /** Makes the refresh tokens that `revokeRefresh()` has revoked valid again. */
  forgetRevokedRefresh(): void {
    for (const family of this.#families.values()) if (!family.isAccessRevoked) family.isRefreshRevoked = false;
  }

  /** Revokes one session, access tokens included. */
  revoke(family: string): void {
    const found = this.#families.get(family);
    if (found !== undefined) revokeFamily(found);
  }

  /** Revokes every session, access tokens included. */
  revokeAll(): void {
    for (const family of this.#families.values()) revokeFamily(family);
  }

  #issuePair(family: Family, now: number, rules: IssueRules): TokenPair {
    this.#prune(now);
    const refreshExpiresAt = now + rules.refreshLifetime * 1000;
    const refreshToken = rules.mint('refresh', family.id, now, refreshExpiresAt);
    this.#refresh.set(refreshToken, { family, expiresAt: refreshExpiresAt });
    return this.#issueAccess(family, { refreshToken, refreshExpiresAt }, now, rules);
  }

  #renewAccess(record: RefreshRecord, refreshToken: string, now: number, rules: IssueRules): TokenPair {
    this.#prune(now);
    return this.#issueAccess(record.family, { refreshToken, refreshExpiresAt: record.expiresAt }, now, rules);
  }

  #issueAccess(
    family: Family,
    refresh: Pick<TokenPair, 'refreshToken' | 'refreshExpiresAt'>,
    now: number,
    rules: IssueRules,
  ): TokenPair {
    const accessExpiresAt = now + rules.accessLifetime * 1000;
    const accessToken = rules.mint('access', family.id, now, accessExpiresAt);
    const record = this.#access.get(accessToken) ?? { families: new Set(), expiresAt: accessExpiresAt };
    record.families.add(family);
    record.expiresAt = Math.max(record.expiresAt, accessExpiresAt);
    this.#access.set(accessToken, record);
    this.#current = Object.freeze({ accessToken, accessExpiresAt, ...refresh });
    return this.#current;
  }

  // A soak test of hours with lifetimes of a second must not exhaust memory. The `exp` claim still shows that a removed token has expired.
  #prune(now: number): void {
    this.#issued += 1;
    if (this.#issued % pruneInterval !== 0) return;
    for (const map of [this.#refresh, this.#access]) {
      for (const [token, { expiresAt }] of map) if (now >= expiresAt) map.delete(token);
    }
  }
}

function revokeFamily(family: Family): void {
  family.isRefreshRevoked = true;
  family.isAccessRevoked = true;
}
