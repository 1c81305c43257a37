import { plainLine } from '../lib/plain-line.ts';
import { isSecretName } from '../redact/mask.ts';
import { decodeToken } from '../tokens/decode-token.ts';
import { isAccessToken } from './access-token.ts';

/** A string in a response, with its path. */
export interface FoundValue {
  readonly path: string;
  readonly value: string;
}

/** What to look for in a response. */
export interface WantedTokens {
  /** The names of the field in the responses of the partner. */
  readonly accessToken: readonly string[];
  /** As `accessToken`; none if the response is not expected to have a refresh token, or if it is where it should be. */
  readonly refreshToken: readonly string[];
  /** The refresh token that is where it should be. */
  readonly placed?: string | undefined;
  /** The tokens that were sent. Where one is a JWT, the new one is another, whatever the name of its field. */
  readonly sent: { readonly accessToken?: string | undefined; readonly refreshToken?: string | undefined };
}

/** Deeper values are not looked at. */
const maxDepth = 8;
const maxValues = 1_000;
const maxNames = 20;

/** Fields with a JWT that is not a token of a session (OpenID Connect). */
const identity = /^id_?token$/i;

/**
 * The access token, and the refresh token if one is wanted, in other places of a response than those that a definition states:
 * if there is exactly one candidate for each, and nothing else could be one. Candidates are the fields of the same name, and
 * without any, for a token that was a JWT, the JWTs.
 */
export function findMisplaced(
  json: unknown,
  { accessToken, refreshToken, placed, sent }: WantedTokens,
): { readonly accessToken: FoundValue; readonly refreshToken?: FoundValue } | undefined {
  const values = stringsIn(json).filter(({ value }) => value !== placed && isAccessToken(value));
  const ofRefresh = named(values, refreshToken);
  const others = values.filter((each) => !ofRefresh.some(({ value }) => value === each.value));
  const access = candidates(others, accessToken, sent.accessToken);
  const [found] = access;
  if (found === undefined || access.length > 1) return undefined;
  if (refreshToken.length === 0) return { accessToken: found };
  const rest = values.filter(({ value }) => value !== found.value);
  const refresh = candidates(rest, refreshToken, sent.refreshToken);
  const [fresh] = refresh;
  if (refresh.length > 1) return undefined;
  if (fresh !== undefined) return { accessToken: found, refreshToken: fresh };
  // Another secret may be the new refresh token under another name, without which the session would be lost.
  return rest.some(isToken) ? undefined : { accessToken: found };
}

/**
 * The only other field with a name of the refresh token, if its value is not the one that was sent. `isDoubtful`: there are
 * several, or one with a similar name, so that the refresh token that was sent has probably been replaced.
 */
export function findRefreshToken(
  json: unknown,
  names: readonly string[],
  sent: string | undefined,
): { readonly found?: FoundValue; readonly isDoubtful: boolean } {
  const others = stringsIn(json).filter(({ value }) => value !== sent && isAccessToken(value));
  const [found, ...more] = named(others, names);
  if (found === undefined) return { isDoubtful: others.some((each) => isRefreshName(each.path) && isToken(each)) };
  return more.length === 0 ? { found, isDoubtful: false } : { isDoubtful: true };
}

/** Such as `refreshToken` or `newRefresh`, but not `refresh_expires_at`. */
function isRefreshName(path: string): boolean {
  return /refresh/i.test(lastOf(path)) && !/expir|type|url|uri|_at$|At$/.test(lastOf(path));
}

/** Whether the response has tokens, in any place, so that the refresh token that was sent has probably been replaced. */
export function hasTokens(json: unknown, names: readonly string[]): boolean {
  return stringsIn(json).some((each) => isToken(each) || names.includes(lastOf(each.path)));
}

/** The fields of a response for a message: their names, and no values. */
export function describeFields(json: unknown, redact: (text: string) => string = (text) => text): string {
  if (json === undefined) return 'Its body is not JSON.';
  if (typeof json !== 'object' || json === null) return 'It is JSON without fields.';
  const paths = new Set(leavesOf(json).map(({ path }) => path));
  const names = [...paths].filter((path) => path !== '').map((path) => plainLine(redact(path), 80));
  if (names.length === 0) return 'It has no fields.';
  const more = names.length > maxNames ? ` and ${names.length - maxNames} more` : '';
  return `It has the fields ${names.slice(0, maxNames).join(', ')}${more}.`;
}

function candidates(
  values: readonly FoundValue[],
  names: readonly string[],
  sent: string | undefined,
): readonly FoundValue[] {
  const byName = named(values, names);
  if (byName.length > 0 || sent === undefined || decodeToken(sent) === undefined) return byName;
  return unique(values.filter(({ path, value }) => isJwt(value) && !identity.test(lastOf(path)) && value !== sent));
}

function named(values: readonly FoundValue[], names: readonly string[]): readonly FoundValue[] {
  return unique(values.filter(({ path }) => names.includes(lastOf(path))));
}

/** One of each value: some partners send the same token in two places. */
function unique(values: readonly FoundValue[]): readonly FoundValue[] {
  return values.filter(({ value }, index) => values.findIndex((other) => other.value === value) === index);
}

function isToken({ path, value }: FoundValue): boolean {
  const name = lastOf(path);
  if (identity.test(name) || /type$/i.test(name)) return false;
  const isSecret = isSecretName(name) || /access|refresh/i.test(name);
  return isJwt(value) || (isSecret && value.length >= 8 && isAccessToken(value));
}

function isJwt(value: string): boolean {
  return decodeToken(value) !== undefined;
}

export function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

function stringsIn(json: unknown): readonly FoundValue[] {
  return leavesOf(json).flatMap(({ path, value }) =>
    typeof value === 'string' && value !== '' && path !== '' ? [{ path, value }] : [],
  );
}

/** All values in JSON that are neither objects nor lists with items, with their paths. */
function leavesOf(json: unknown): readonly { readonly path: string; readonly value: unknown }[] {
  const leaves: { path: string; value: unknown }[] = [];
  const visit = (value: unknown, path: string, depth: number): void => {
    if (leaves.length >= maxValues) return;
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    if (entries.length === 0 || depth >= maxDepth) leaves.push({ path, value });
    else for (const [name, item] of entries) visit(item, path === '' ? name : `${path}.${name}`, depth + 1);
  };
  visit(json, '', 0);
  return leaves;
}
