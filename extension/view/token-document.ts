import { decodeToken } from '../../core/index.ts';
import type { ProfileStatus } from '../../core/profiles/index.ts';
import type { Translate } from '../model/translate.ts';
import { sessionEnd } from './tooltip.ts';

/** The header, claims and lifetimes of a token as JSON, without its signature, so that it cannot be used as a token. */
export function tokenDocument(token: string, status: ProfileStatus, t: Translate): string {
  const decoded = decodeToken(token);
  const time = (at: number | undefined): string | undefined =>
    // A claim may hold any number, but a Date is limited to 8.64e15 ms.
    at === undefined || Math.abs(at) > 8.64e15 ? undefined : new Date(at).toISOString();
  const claims = Object.entries(decoded?.claims ?? {}).map(([name, value]) => [name, value] as const);
  const timeClaims = claims.filter(
    ([name, value]) => ['exp', 'iat', 'nbf'].includes(name) && typeof value === 'number',
  );
  const document = {
    note: t('None of this has been verified. The signature is omitted.'),
    format: decoded === undefined ? t('not a JWT, so there are no claims to show') : 'JWT',
    ...(decoded && { header: decoded.header, claims: decoded.claims }),
    ...(timeClaims.length > 0 && {
      claimTimes: Object.fromEntries(timeClaims.map(([name, value]) => [name, time((value as number) * 1000)])),
    }),
    // Whether the partner still accepts the token of a session that has ended is not known.
    lifetimes:
      status.phase === 'ended'
        ? {
            issuedAt: time(status.issuedAt),
            session: sessionEnd(status, t),
            accessTokenMayBeAcceptedUntil: time(status.accessExpiresAt),
          }
        : {
            issuedAt: time(status.issuedAt),
            accessTokenExpiresAt: time(status.accessExpiresAt),
            signInNeededAt: time(status.renewable === false ? status.accessExpiresAt : status.refreshExpiresAt),
          },
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
