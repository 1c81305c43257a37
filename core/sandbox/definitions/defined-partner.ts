import { randomUUID } from 'node:crypto';
import type { AuthCall, BodyForm, CallKind } from '../../partners/definition.ts';
import { createCodec } from '../codec/codec.ts';
import type { SandboxResponse, PartnerServer, ReceivedRequest, Route, SandboxCall } from '../http/exchange.ts';
import {
  bearerOf,
  isFilled,
  isPair,
  outcomeOf,
  readToken,
  refreshRules,
  type PartnerDefaults,
  type PartnerParts,
} from '../partners/partner.ts';
import { signToken } from '../tokens/jwt.ts';
import type { TokenMint } from '../tokens/families.ts';
import type { DefinedAccount } from './account.ts';
import { createResponses } from './responses.ts';
import { createRefusals } from './refusals.ts';
import { createReader, hasFields, type Payload } from './requests.ts';
import { acceptsBearer, acceptsCall, sharedFolder, wirePath } from './routes.ts';
import { createSignIn } from './sign-in.ts';

// The sandbox's own choice: a definition says nothing of lifetimes and rotation.
const defaults: PartnerDefaults = { accessLifetime: 3600, refreshLifetime: 2_592_000, rotation: 'strict' };

/** A partner that is known by its definition alone, and behaves as that says. */
export function createDefinedPartner(parts: PartnerParts<DefinedAccount>): PartnerServer {
  const { families, now, scenarios, key } = parts;
  const { definition, cipher, partnerCode, credentials } = parts.account;
  const { body, requestBody = body } = definition;
  const codec = cipher === undefined ? undefined : createCodec(cipher);
  const reader = createReader(definition, partnerCode, codec);
  const responses = createResponses(definition, codec);
  const refusals = createRefusals(definition);
  const { refuse, refuseProblem, refuseMissing } = refusals;
  const signIn = createSignIn({
    account: parts.account,
    reader,
    responses: responses,
    refusals,
    now,
    scenarios,
    openSession,
  });
  const nameField = definition.credentials.find(({ account }) => account === true) ?? definition.credentials[0];
  const routes = createRoutes();

  return {
    id: definition.id,
    prefix: sharedFolder(routes.map(({ path }) => path)),
    routes,
    failure: refusals.failure,
    oneTimeCode: signIn.oneTimeCode,
    captchaText: signIn.captchaText,
  };

  // Where calls share method and path, the first that accepts a request has it, else the last: login, which asks for least.
  function createRoutes(): readonly Route[] {
    const { login, refresh, logout, oneTimeCode: code, captcha, example } = definition;
    return [
      ...(captcha
        ? [{ method: 'GET', path: wirePath(captcha.path), call: 'captcha', handle: signIn.captcha } as const]
        : []),
      ...(code ? [route(code, 'twoFactor', 'oneTimeCode', [code.codeField, code.sessionField], signIn.code)] : []),
      route(refresh, 'refresh', 'refresh', [refresh.tokenField], renew),
      ...(logout ? [route(logout, 'logout', 'logout', [logout.tokenField], end)] : []),
      ...(example
        ? [
            {
              method: example.method,
              path: wirePath(example.path),
              call: 'protected',
              accepts: acceptsBearer,
              handle: useToken,
            } as const,
          ]
        : []),
      route(login, 'login', 'login', [], signIn.credentials),
    ];
  }

  /** One of the auth calls, which must have these payload fields. */
  function route(
    call: AuthCall,
    name: SandboxCall,
    on: CallKind,
    fields: readonly string[],
    handle: (payload: Payload) => SandboxResponse,
  ): Route {
    return {
      method: call.method ?? 'POST',
      path: wirePath(call.path),
      call: name,
      accepts: acceptsCall(call, fields, body, reader),
      async handle(request) {
        const problem = reader.headerProblem(request, false);
        if (problem !== undefined) return refuseProblem(on, problem);
        return withPayload(on, body, request, (payload) => {
          if (!hasFields(payload, call.extraFields, body)) {
            return refuse(on, 'badRequest', { text: 'a constant field is not as defined' });
          }
          const missing = fields.filter((field) => !isFilled(payload[field]));
          return missing.length > 0 ? refuseMissing(on, missing) : handle(payload);
        });
      },
    };
  }

  async function withPayload(
    on: CallKind,
    form: BodyForm,
    request: ReceivedRequest,
    handle: (payload: Payload) => SandboxResponse,
  ): Promise<SandboxResponse> {
    const read = await reader.read(form, request);
    if (read.kind === 'problem') return refuseProblem(on, read.problem);
    return { ...handle(read.payload), payload: read.payload };
  }

  function openSession(call: AuthCall): SandboxResponse {
    const pair = families.open(randomUUID(), now(), refreshRules(scenarios(), defaults, mint));
    return responses.issued(call, pair, now(), true);
  }

  function renew(payload: Payload): SandboxResponse {
    const token = String(payload[definition.refresh.tokenField]);
    const claims = readToken(token, key, now());
    const current = scenarios();
    if (typeof claims === 'object' && current.accountState !== 'active') return refuse('refresh', 'accountNotActive');
    const result =
      typeof claims === 'string' ? claims : families.refresh(token, now(), refreshRules(current, defaults, mint));
    if (!isPair(result)) return refuse('refresh', 'deadRefreshToken', { outcome: outcomeOf(result) });
    return responses.issued(definition.refresh, result, now(), current.refreshTokenInResponse !== 'omitted');
  }

  // Ends the whole session, access tokens included, also when it is over already: the sandbox's own choice.
  function end(payload: Payload): SandboxResponse {
    const claims = readToken(String(payload[definition.logout?.tokenField ?? '']), key, now());
    if (typeof claims === 'string') return refuse('logout', 'deadRefreshToken', { outcome: outcomeOf(claims) });
    if (claims.token_use !== 'refresh') return refuse('logout', 'deadRefreshToken');
    families.revoke(String(claims.sid));
    return responses.succeed({});
  }

  /** The example call: gives back what it was sent. */
  async function useToken(request: ReceivedRequest): Promise<SandboxResponse> {
    const problem = reader.headerProblem(request, true);
    if (problem !== undefined) return refuseProblem('request', problem);
    const token = bearerOf(request) ?? '';
    const claims = readToken(token, key, now());
    const refusal = typeof claims === 'string' ? claims : families.refuseAccess(token, now());
    if (refusal !== undefined) return refuse('request', 'refusedBearer', { outcome: outcomeOf(refusal) });
    if (scenarios().accountState !== 'active') return refuse('request', 'accountNotActive');
    if (request.body.length === 0 && definition.example?.payload === undefined) return responses.succeed({});
    return withPayload('request', requestBody, request, (payload) => responses.succeed({ received: payload }));
  }

  function mint(...[kind, family, issuedAt, expiresAt]: Parameters<TokenMint>): string {
    const claims = {
      sub: credentials[nameField?.name ?? ''] ?? 'sandbox',
      sid: family,
      jti: randomUUID(),
      iat: Math.floor(issuedAt / 1000),
      exp: Math.floor(expiresAt / 1000),
      token_use: kind,
    };
    return signToken(claims, key);
  }
}
