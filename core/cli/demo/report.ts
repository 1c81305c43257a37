import { createHash } from 'node:crypto';
import { decodeToken, type PartnerResponse, type PartnerSession } from '../../index.ts';

/** The result of one partner's run, as rendered and as printed with `--json`. The only secrets in it are those of the sandbox. */
export interface PartnerReport {
  readonly partner: string;
  readonly label: string;
  readonly baseUrl: string;
  readonly sandbox: boolean;
  readonly signIn: {
    readonly method: string;
    readonly path: string;
    readonly payload: Readonly<Record<string, string>>;
    /** The request body as the sandbox received it, when it was encrypted. */
    readonly sent?: string;
    readonly headers: Readonly<Record<string, string>>;
  };
  readonly accessToken: TokenReport;
  readonly refreshExpiresAt?: string;
  readonly call?: { readonly method: string; readonly path: string; readonly status: number; readonly body: unknown };
  readonly refresh: {
    readonly newAccessToken: boolean;
    readonly newRefreshToken: boolean;
    readonly accessToken: TokenReport;
  };
  readonly replay?: { readonly accepted: boolean; readonly said?: string; readonly sessionAfter: string };
  readonly signOut: { readonly revoked: boolean };
}

export interface TokenReport {
  readonly masked: string;
  /** The first 8 hex digits of its SHA-256: distinguishes two tokens without revealing them. */
  readonly fingerprint: string;
  readonly algorithm?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly expiresAt?: string;
}

/** Shows the first 8 characters: they belong to the JWT header, which is not secret. */
export function maskToken(token: string): string {
  return `${token.slice(0, 8)}… (${token.length} characters)`;
}

export async function describeToken(session: PartnerSession): Promise<TokenReport> {
  const token = await session.accessToken();
  const decoded = decodeToken(token);
  const algorithm = decoded?.header.alg;
  const { accessExpiresAt } = session.status;
  return {
    masked: maskToken(token),
    fingerprint: createHash('sha256').update(token).digest('hex').slice(0, 8),
    ...(typeof algorithm === 'string' && { algorithm }),
    ...(decoded && { claims: decoded.claims }),
    ...(accessExpiresAt !== undefined && { expiresAt: new Date(accessExpiresAt).toISOString() }),
  };
}

export function describeCall(
  { method, path }: { readonly method: string; readonly path: string },
  { status, body }: PartnerResponse,
): PartnerReport['call'] {
  return { method, path, status, body };
}

export function describeRefreshExpiry(session: PartnerSession): { refreshExpiresAt?: string } {
  const { status } = session;
  const refreshExpiresAt = status.renewable === false ? status.accessExpiresAt : status.refreshExpiresAt;
  return refreshExpiresAt === undefined ? {} : { refreshExpiresAt: new Date(refreshExpiresAt).toISOString() };
}

interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken?: string;
}

export function describeRefresh(
  before: TokenPair | undefined,
  after: TokenPair | undefined,
  accessToken: TokenReport,
): PartnerReport['refresh'] {
  return {
    newAccessToken: after?.accessToken !== before?.accessToken,
    newRefreshToken: after?.refreshToken !== before?.refreshToken,
    accessToken,
  };
}
