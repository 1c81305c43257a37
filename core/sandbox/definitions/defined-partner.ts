import { randomUUID } from 'node:crypto';
import type { AuthCall, CallKind, LogoutCall, RefreshCall } from '../../partners/definition.ts';
import { createCodec } from '../codec/codec.ts';
import type { PartnerServer, ReceivedRequest, Route, SandboxCall, SandboxResponse } from '../http/exchange.ts';
import {
  isNonEmptyString,
  isTokenPair,
  readToken,
  refreshRules,
  toOutcome,
  type PartnerContext,
  type PartnerDefaults,
} from '../partners/partner.ts';
import { signToken } from '../tokens/jwt.ts';
import type { Refusal, TokenMint, TokenPair } from '../tokens/families.ts';
import type { DefinedAccount } from './account.ts';
import { isClient, readTokenHeader } from './clients.ts';
import { createResponses } from './responses.ts';
import { createRefusals } from './refusals.ts';
import { createReader, fieldOf, hasConstantFields, type Payload, type ReadPayload } from './requests.ts';
import { commonFolder, createCallMatcher, normalizePath } from './routes.ts';
import { createSignIn } from './sign-in.ts';

// The sandbox's own choice: a definition specifies neither lifetimes nor rotation.
const defaults: PartnerDefaults = { accessLifetime: 3600, refreshLifetime: 2_592_000, rotation: 'strict' };

/** Creates the server of a partner from its definition alone. */
export function createDefinedPartner(context: PartnerContext<DefinedAccount>): PartnerServer {
  const { families, now, scenarios, key } = context;
  const { definition, cipher, partnerCode, client, credentials } = context.account;
  const { body, requestBody = body } = definition;
  const codec = cipher === undefined ? undefined : createCodec(cipher);
  const reader = createReader(definition, partnerCode, codec);
  const responses = createResponses(definition, codec);
  const refusals = createRefusals(definition);
  const { refuse, refuseProblem, refuseMissing } = refusals;
  const signIn = createSignIn({
    account: context.account,
    reader,
    responses,
    refusals,
    now,
    scenarios,
    openSession,
  });
  const accountField = definition.credentials.find(({ account }) => account === true) ?? definition.credentials[0];
  /** Without, the access token is the only one of a session. */
  const hasRefreshToken = typeof definition.refresh === 'object' && definition.refresh.sliding !== true;
  const routes = createRoutes();

  return {
    id: definition.id,
    prefix: commonFolder(routes.map(({ path }) => path)),
    routes,
    failure: refusals.failure,
    oneTimeCode: signIn.oneTimeCode,
    captchaText: signIn.captchaText,
  };

  // Of calls that share method and path, the first that accepts a request handles it, else the last: login, which requires least.
  function createRoutes(): readonly Route[] {
    const { login, refresh, logout, oneTimeCode: code, captcha, example } = definition;
    return [
      ...(captcha
        ? [{ method: 'GET', path: normalizePath(captcha.path), call: 'captcha', handle: signIn.captcha } as const]
        : []),
      ...(code
        ? [createAuthRoute(code, 'twoFactor', 'oneTimeCode', [code.codeField, code.sessionField], signIn.code)]
        : []),
      ...(typeof refresh === 'object'
        ? [
            createAuthRoute(refresh, 'refresh', 'refresh', tokenFields(refresh), (payload, request) =>
              refreshSession(refresh, payload, request),
            ),
          ]
        : []),
      ...(logout ? [createAuthRoute(logout, 'logout', 'logout', tokenFields(logout), logOut)] : []),
      ...(example
        ? [
            {
              method: example.method,
              path: normalizePath(example.path),
              call: 'protected',
              accepts: (request: ReceivedRequest) => readTokenHeader(definition, request) !== undefined,
              handle: handleProtectedCall,
            } as const,
          ]
        : []),
      createAuthRoute(login, 'login', 'login', [], signIn.credentials),
    ];
  }

  /** Creates the route of an auth call that requires these payload fields. */
  function createAuthRoute(
    call: AuthCall,
    name: SandboxCall,
    on: CallKind,
    fields: readonly string[],
    handle: (payload: Payload, request: ReceivedRequest) => SandboxResponse,
  ): Route {
    return {
      method: call.method ?? 'POST',
      path: normalizePath(call.path),
      call: name,
      accepts: createCallMatcher(definition, call, fields, reader),
      async handle(request) {
        const problem = reader.findHeaderProblem(request);
        if (problem !== undefined) return refuseProblem(on, problem);
        return withPayload(on, await reader.readCall(call, body, request), (payload) => {
          if (!isClient(definition, client, request, payload)) return refuse(on, 'wrongClient');
          if (!hasConstantFields(payload, call, body)) {
            return refuse(on, 'badRequest', { message: 'a constant field does not match the definition' });
          }
          const missing = fields.filter((field) => !isNonEmptyString(fieldOf(payload, field, body)));
          return missing.length > 0 ? refuseMissing(on, missing) : handle(payload, request);
        });
      },
    };
  }

  function withPayload(
    on: CallKind,
    read: ReadPayload,
    handle: (payload: Payload) => SandboxResponse,
  ): SandboxResponse {
    if (read.kind === 'problem') return refuseProblem(on, read.problem);
    return { ...handle(read.payload), payload: read.payload };
  }

  function openSession(call: AuthCall): SandboxResponse {
    const pair = families.open(randomUUID(), now(), refreshRules(scenarios(), defaults, mint));
    return responses.respondWithTokens(call, pair, now(), true);
  }

  function tokenFields({ tokenField }: { readonly tokenField?: string }): readonly string[] {
    return tokenField === undefined ? [] : [tokenField];
  }

  /** Whether the call has the token in its header that the definition requires, of the session `family` if it is known. */
  function hasToken({ authorization }: AuthCall, request: ReceivedRequest, family?: unknown): boolean {
    if (authorization === undefined) return true;
    const claims = readToken(readTokenHeader(definition, request) ?? '', key, now());
    if (typeof claims === 'string' || (family !== undefined && claims.sid !== family)) return false;
    return claims.token_use === (authorization === 'accessToken' || !hasRefreshToken ? 'access' : 'refresh');
  }

  /** The token that a call is about: in a field, in a cookie, or in the token header. */
  function sentToken({ tokenField, tokenCookie }: LogoutCall, payload: Payload, request: ReceivedRequest): string {
    if (tokenField !== undefined) return String(fieldOf(payload, tokenField, body));
    if (tokenCookie === undefined) return readTokenHeader(definition, request) ?? '';
    const cookies = (request.headers.cookie ?? '').split(/; */);
    return cookies.find((cookie) => cookie.startsWith(`${tokenCookie}=`))?.slice(tokenCookie.length + 1) ?? '';
  }

  function refreshSession(call: RefreshCall, payload: Payload, request: ReceivedRequest): SandboxResponse {
    const token = sentToken(call, payload, request);
    const claims = readToken(token, key, now());
    if (typeof claims === 'object' && !hasToken(call, request, claims.sid))
      return refuse('refresh', 'accessTokenRefused');
    const current = scenarios();
    if (typeof claims === 'object' && current.accountState !== 'active') return refuse('refresh', 'accountNotActive');
    const rules = refreshRules(current, defaults, mint);
    const renew = (): TokenPair | Refusal =>
      call.sliding === true ? families.slide(token, now(), rules) : families.refresh(token, now(), rules);
    const result = typeof claims === 'string' ? claims : renew();
    if (!isTokenPair(result)) return refuse('refresh', 'refreshTokenRefused', { outcome: toOutcome(result) });
    return responses.respondWithTokens(call, result, now(), current.refreshTokenInResponse !== 'omitted');
  }

  // Revokes the whole session, access tokens included, even if it has already ended: the sandbox's own choice.
  function logOut(payload: Payload, request: ReceivedRequest): SandboxResponse {
    const call: LogoutCall = definition.logout ?? definition.login;
    const isBearerOnly = (call.tokenField ?? call.tokenCookie) === undefined;
    const claims = readToken(sentToken(call, payload, request), key, now());
    if (typeof claims === 'string') return refuse('logout', 'refreshTokenRefused', { outcome: toOutcome(claims) });
    const expected = hasRefreshToken && !isBearerOnly ? 'refresh' : 'access';
    if (claims.token_use !== expected && (!isBearerOnly || call.authorization === 'accessToken'))
      return refuse('logout', 'refreshTokenRefused');
    if (!hasToken(call, request, claims.sid)) return refuse('logout', 'accessTokenRefused');
    families.revoke(String(claims.sid));
    return responses.succeed({});
  }

  /** The example call. Returns the payload and the query that it received. */
  async function handleProtectedCall(request: ReceivedRequest): Promise<SandboxResponse> {
    const problem = reader.findHeaderProblem(request);
    if (problem !== undefined) return refuseProblem('request', problem);
    const token = readTokenHeader(definition, request) ?? '';
    const claims = readToken(token, key, now());
    const refusal = typeof claims === 'string' ? claims : families.checkAccess(token, now());
    if (refusal !== undefined) return refuse('request', 'accessTokenRefused', { outcome: toOutcome(refusal) });
    if (scenarios().accountState !== 'active') return refuse('request', 'accountNotActive');
    const query = reader.readQuery(request);
    if (query.kind === 'problem') return refuseProblem('request', query.problem);
    const received = Object.keys(query.payload).length === 0 ? {} : { query: query.payload };
    if (request.body.length === 0 && definition.example?.payload === undefined) return responses.succeed(received);
    return withPayload('request', await reader.read(requestBody, request), (payload) =>
      responses.succeed({ received: payload, ...received }),
    );
  }

  function mint(...[kind, family, issuedAt, expiresAt]: Parameters<TokenMint>): string {
    const claims = {
      sub: credentials[accountField?.name ?? ''] ?? 'sandbox',
      sid: family,
      jti: randomUUID(),
      iat: Math.floor(issuedAt / 1000),
      exp: Math.floor(expiresAt / 1000),
      token_use: kind,
    };
    return signToken(claims, key);
  }
}
