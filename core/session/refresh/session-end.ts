import { PartnerAuthError } from '../../lib/errors.ts';
import type { EndCode, StoredSession } from '../../stores/stored-record.ts';

/** How the partner's refusal ends a session; undefined if it does not. */
export function endCodeOf({ code }: PartnerAuthError): EndCode | undefined {
  if (code === 'sessionEnded' || code === 'accountUnavailable') return code;
  return code === 'invalidCredentials' ? 'sessionEnded' : undefined;
}

/** Why a session that ended cannot be refreshed. */
export function endError({ ended, tokens }: StoredSession, refusal?: PartnerAuthError): PartnerAuthError {
  const { status, correlationId } = refusal ?? {};
  const code = ended?.code ?? 'sessionEnded';
  if (code === 'refreshInterrupted') {
    return new PartnerAuthError(
      code,
      'A refresh was interrupted before its response arrived, and the partner no longer accepts the refresh token; sign in again.',
      { status, correlationId },
    );
  }
  if (refusal !== undefined) return refusal;
  const why =
    code === 'accountUnavailable'
      ? 'The partner says that the account is not available.'
      : tokens.refreshToken === undefined && ended === undefined
        ? 'The partner gave no refresh token.'
        : 'The partner refused the refresh token.';
  return new PartnerAuthError(code, `${why} Sign in again.`);
}
