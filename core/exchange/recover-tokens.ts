import { valueAt } from '../lib/json.ts';
import type { AuthCall, CallKind, PartnerDefinition } from '../partners/definition.ts';
import { parseFieldPath } from '../partners/field-path.ts';
import { refreshCallOf } from '../partners/renewal.ts';
import { callResponse, responseShapeOf } from '../partners/response-shape.ts';
import type { TokenSet } from '../tokens/token-set.ts';
import type { HttpResponse } from '../transport/http.ts';
import { describeFields, findMisplaced, findRefreshToken, lastOf, type FoundValue } from './misplaced-tokens.ts';
import type { ResponseContent } from './response-fields.ts';
import { readRefreshToken, readTokenSet } from './token-response.ts';

/** A successful response to a login or refresh. */
export interface TokenResponse {
  readonly definition: PartnerDefinition;
  readonly kind: Exclude<CallKind, 'request'>;
  readonly call: AuthCall;
  readonly content: ResponseContent;
  readonly http: HttpResponse;
  /** The tokens that were sent. */
  readonly sent: { readonly accessToken?: string | undefined; readonly refreshToken?: string | undefined };
  readonly warn?: ((message: string) => void) | undefined;
}

type Found = NonNullable<ReturnType<typeof findMisplaced>>;

/**
 * The tokens of a response to a refresh that has them in another place than the definition states. The refresh token that was
 * sent may be used up, so that they would be lost otherwise. Only if it is certain which they are; undefined if not.
 */
export function recoverTokens(response: TokenResponse): TokenSet | undefined {
  const { definition, call, content, http, sent, warn } = response;
  const { json } = content;
  const { accessToken, refreshToken } = callResponse(definition, call);
  const refreshPath = refreshPathOf(response);
  const placed = refreshPath === undefined ? {} : readRefreshToken(definition, call, content, http);
  const paths = [accessToken, placed.refreshToken === undefined ? refreshPath : undefined];
  if (paths.some((path) => path !== undefined && !isInJson(path))) return undefined;
  const found = findMisplaced(json, {
    accessToken: namesOf(definition, 'accessToken'),
    refreshToken: paths[1] === undefined ? [] : namesOf(definition, 'refreshToken'),
    placed: placed.refreshToken,
    sent,
  });
  if (found === undefined) return undefined;
  const { below, isWhole } = baseOf(found.accessToken.path, accessToken);
  const parent = below === '' ? json : valueAt(json, below);
  const fields: (readonly [string, string])[] = [[accessToken, found.accessToken.value]];
  if (found.refreshToken !== undefined && refreshToken !== undefined)
    fields.push([refreshToken, found.refreshToken.value]);
  const { tokensIn: _, ...direct } = call;
  const tokens = readTokenSet(definition, direct, { ...content, json: withFields(parent, fields) }, http, warn);
  warn?.(misplacedWarning(response, found, isWhole ? below : undefined));
  return { ...tokens, ...placed };
}

/**
 * The token set with the refresh token of a response to a refresh that has it in another place than the definition states,
 * where only one field has its name. `isUnread`: there is one, but it is not certain which.
 */
export function withMisplacedRefreshToken(
  tokens: TokenSet,
  response: TokenResponse,
): { readonly tokens: TokenSet; readonly isUnread?: true } {
  const {
    definition,
    kind,
    content: { json },
    sent,
    warn,
  } = response;
  const path = refreshPathOf(response);
  if (path === undefined || tokens.refreshToken !== undefined) return { tokens };
  const { found, isDoubtful } = findRefreshToken(json, namesOf(definition, 'refreshToken'), sent.refreshToken);
  if (kind === 'refresh') {
    const fix = 'correct response.refreshToken or refresh.tokensIn';
    if (found !== undefined) {
      warn?.(
        `${definition.label} sent the new refresh token in "${found.path}", not where its definition looks for it: ${fix}. It is used.`,
      );
      return { tokens: { ...tokens, refreshToken: found.value } };
    }
    if (!isDoubtful) return { tokens };
    warn?.(
      `${definition.label} sent no refresh token in "${path}", but something like it elsewhere, so that the one that was sent has probably been replaced: ${fix}. ${describeFields(json)}`,
    );
    return { tokens, isUnread: true };
  }
  const there = found === undefined ? '' : ` There is one in "${found.path}".`;
  warn?.(
    `${definition.label} sent no refresh token in "${path}" (response.refreshToken of the partner definition), so that the session ends with its access token.${there} ${describeFields(json)}`,
  );
  return { tokens };
}

/** Where the definition looks for the tokens of a response that has none there, and what is there in their place. */
export function describeMissing(response: TokenResponse, redact: (text: string) => string): string {
  const {
    definition,
    kind,
    call,
    content: { json },
    sent,
  } = response;
  const { accessToken } = callResponse(definition, call);
  const refreshToken = refreshPathOf(response);
  const found = findMisplaced(json, {
    accessToken: namesOf(definition, 'accessToken'),
    refreshToken: refreshToken === undefined ? [] : namesOf(definition, 'refreshToken'),
    sent,
  });
  const there = found === undefined ? '' : ` There is one in "${found.accessToken.path}".`;
  const place = (path: string): string =>
    call.tokensIn === undefined || !isInJson(path) ? path : `${call.tokensIn}.${path}`;
  const prefix = call.tokensIn === undefined ? '' : `${kind}.tokensIn and `;
  const looked = [
    `"${place(accessToken)}" (${prefix}response.accessToken)`,
    ...(refreshToken === undefined ? [] : [`"${place(refreshToken)}" (${prefix}response.refreshToken)`]),
  ];
  return `The partner definition looks in ${looked.join(' and ')}. ${describeFields(json, redact)}${there}`;
}

/** Where the definition looks for a refresh token that is not the access token too. */
function refreshPathOf({ definition, call }: TokenResponse): string | undefined {
  const refresh = refreshCallOf(definition);
  return refresh === undefined || refresh.sliding === true ? undefined : callResponse(definition, call).refreshToken;
}

/** The names that the partner's responses have for a token, without the objects that it is in. */
function namesOf(definition: PartnerDefinition, token: 'accessToken' | 'refreshToken'): readonly string[] {
  const paths = (['login', 'oneTimeCode', 'refresh'] as const).map((kind) => responseShapeOf(definition, kind)[token]);
  return paths.filter((path) => path !== undefined && isInJson(path)).map((path = '') => lastOf(path));
}

function isInJson(path: string): boolean {
  return parseFieldPath(path).from === 'json';
}

/** The object that a field with this path is in. `isWhole`: all of the path that the definition states is below it. */
function baseOf(found: string, stated: string): { readonly below: string; readonly isWhole: boolean } {
  if (found === stated) return { below: '', isWhole: true };
  if (found.endsWith(`.${stated}`)) return { below: found.slice(0, -stated.length - 1), isWhole: true };
  return { below: found.slice(0, Math.max(0, found.lastIndexOf('.'))), isWhole: false };
}

/** A copy of an object with values at paths. */
function withFields(parent: unknown, fields: readonly (readonly [path: string, value: string])[]): object {
  const copy = structuredClone(parent) as Record<string, unknown>;
  for (const [path, value] of fields) {
    const steps = path.split('.');
    const last = steps.pop() ?? '';
    let target = copy;
    for (const step of steps) {
      const next = Object.hasOwn(target, step) ? target[step] : undefined;
      const object = typeof next === 'object' && next !== null ? next : {};
      Object.defineProperty(target, step, { value: object, enumerable: true, configurable: true, writable: true });
      target = object as Record<string, unknown>;
    }
    Object.defineProperty(target, last, { value, enumerable: true, configurable: true, writable: true });
  }
  return copy;
}

function misplacedWarning(
  { definition: { label }, kind }: TokenResponse,
  { accessToken, refreshToken }: Found,
  below: string | undefined,
): string {
  const paths = [accessToken, refreshToken].filter((found): found is FoundValue => found !== undefined);
  const places = paths.map(({ path }) => `"${path}"`).join(' and ');
  const fix =
    below === undefined
      ? `correct response.accessToken or ${kind}.tokensIn`
      : below === ''
        ? `remove ${kind}.tokensIn`
        : `set ${kind}.tokensIn to "${below}"`;
  return `${label} sent the tokens of a ${kind} in ${places}, not where its definition looks for them. They are used; ${fix}.`;
}
