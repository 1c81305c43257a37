/** The tokens of a session and when they expire. All times are epoch ms on this machine's clock. */
export interface TokenSet {
  /** Sent with protected calls. */
  readonly accessToken: string;
  /** Absent if the partner issued none, or has refused it since. */
  readonly refreshToken?: string;
  /** When the request that obtained the tokens was sent. */
  readonly issuedAt: number;
  /** Absent if unknown: the access token then counts as valid until the partner refuses it. */
  readonly accessExpiresAt?: number;
  /** Absent if unknown. */
  readonly refreshExpiresAt?: number;
}
