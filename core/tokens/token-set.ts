/** Both tokens with their deadlines. All times are epoch ms on this machine's clock. */
export interface TokenSet {
  readonly accessToken: string;
  /** Absent if the partner gave none, or refused it since. */
  readonly refreshToken?: string;
  /** When the request that got them was sent. */
  readonly issuedAt: number;
  /** Absent if the partner did not say: the token then counts as valid until the partner refuses it. */
  readonly accessExpiresAt?: number;
  readonly refreshExpiresAt?: number;
}
