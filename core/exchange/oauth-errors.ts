import type { PartnerAuthErrorCode } from '../lib/errors.ts';
import { stringAt } from '../lib/json.ts';
import type { AuthCall, CallKind, PartnerDefinition } from '../partners/definition.ts';
import { authCallOf } from '../partners/renewal.ts';
import type { ResponseContent } from './response-fields.ts';

/** What an error of an OAuth 2.0 server means. */
interface OauthFailure {
  readonly code: PartnerAuthErrorCode;
  /** The setting to check. */
  readonly setting?: string;
}

/**
 * What the error code of an auth call means by RFC 6749 section 5.2 and RFC 6750 section 3.1, if the partner is an OAuth 2.0
 * server; undefined if it is not, or if they say nothing about it. Only JSON with status 400 or 401 counts: what a gateway in
 * front of another partner sends must not end a session.
 */
export function oauthFailure(
  definition: PartnerDefinition,
  call: CallKind,
  status: number,
  content: ResponseContent,
): OauthFailure | undefined {
  const isOauth = definition.client !== undefined || definition.body.form === 'urlencoded';
  if (!isOauth || call === 'request' || (status !== 400 && status !== 401)) return undefined;
  const { json } = content;
  if (typeof json !== 'object' || json === null) return undefined;
  const sent = authCallOf(definition, call);
  switch (stringAt(json, 'error') ?? challengeOf(content)) {
    case 'invalid_grant':
      return grantFailures[call];
    case 'invalid_token':
      // The refresh token is the bearer of the call.
      return call === 'refresh' && sent?.authorization !== undefined ? grantFailures.refresh : undefined;
    case 'invalid_client':
    case 'unauthorized_client':
      return { code: 'configuration', setting: 'client' };
    case 'invalid_scope':
      return { code: 'configuration', setting: settingOf(sent, call, 'scope') };
    case 'unsupported_grant_type':
      return { code: 'configuration', setting: settingOf(sent, call, 'grant_type') };
    case 'slow_down':
      return { code: 'rateLimited' };
    case 'temporarily_unavailable':
    case 'server_error':
      return { code: 'partnerUnavailable' };
    default:
      return undefined;
  }
}

const grantFailures: Readonly<Record<Exclude<CallKind, 'request'>, OauthFailure | undefined>> = {
  login: { code: 'invalidCredentials' },
  oneTimeCode: { code: 'invalidOneTimeCode' },
  refresh: { code: 'sessionEnded' },
  logout: undefined,
};

/** Where the value of a payload field comes from. */
function settingOf(sent: AuthCall | undefined, call: string, field: string): string {
  const isConstant = Object.hasOwn(sent?.extraFields ?? {}, field);
  return isConstant ? `partner.${call}.extraFields.${field}` : `extraFields.${call}.${field}`;
}

/** Whether `WWW-Authenticate` says that the access token is not accepted. */
export function isTokenChallenge(content: Pick<ResponseContent, 'headers'>): boolean {
  return challengeOf(content) === 'invalid_token';
}

/** Whether `WWW-Authenticate` says that the access token lacks a scope. */
export function isScopeChallenge(content: Pick<ResponseContent, 'headers'>): boolean {
  return challengeOf(content) === 'insufficient_scope';
}

/** A parameter of a challenge, or the name of its scheme (RFC 9110 section 11.6.1). */
const challengePart =
  /(?<name>[\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"(?<text>(?:[^"\\]|\\.)*)"|(?<word>[^\s,"]*))|(?<scheme>[^\s,="]+)/g;

/** The error code in `WWW-Authenticate: Bearer …, error="…"`, which may have the challenges of other schemes too. */
function challengeOf({ headers }: Pick<ResponseContent, 'headers'>): string | undefined {
  let isBearer = false;
  for (const { groups = {} } of (headers['www-authenticate'] ?? '').matchAll(challengePart)) {
    const { scheme, name, text, word } = groups;
    if (scheme !== undefined) isBearer = scheme.toLowerCase() === 'bearer';
    else if (isBearer && name?.toLowerCase() === 'error') return text ?? word;
  }
  return undefined;
}
