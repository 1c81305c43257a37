import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { parseJson } from '../http/body.ts';
import type { PartnerServer, ReceivedRequest, SandboxOutcome, SandboxResponse } from '../http/exchange.ts';
import { randomWord } from '../random.ts';
import { signToken } from '../tokens/jwt.ts';
import type { TokenMint, TokenPair } from '../tokens/families.ts';
import { Captchas } from './captcha.ts';
import { bindStrings, refuse, refuseCaller, refuseParameter, succeed } from './cloudreve-envelope.ts';
import { createCloudreveLogin, type CloudreveAccount, type CloudreveCredentials } from './cloudreve-login.ts';
import {
  isTokenPair,
  readToken,
  refreshRules,
  toOutcome,
  type PartnerContext,
  type PartnerDefaults,
  type PartnerSimulator,
} from './partner.ts';

// Lifetimes of a new installation, and no rotation: Cloudreve 4.18 source (inventory/setting.go, pkg/auth/jwt.go).
const defaults: PartnerDefaults = { accessLifetime: 3600, refreshLifetime: 1_209_600, rotation: 'reuseAllowed' };

/** Cloudreve v4, as in its 4.18 source: every API response is HTTP 200, and `code` is the result. */
export const cloudreve: PartnerSimulator<{ readonly credentials?: Partial<CloudreveCredentials> }, CloudreveAccount> = {
  tokenAlgorithm: 'HS256',
  completeAccount: ({ credentials }) => ({
    credentials: {
      email: `drive-${randomWord(6).toLowerCase()}@example.com`,
      password: randomWord(16),
      ...credentials,
    },
  }),
  create,
};

function create(context: PartnerContext<CloudreveAccount>): PartnerServer {
  const { families, now, scenarios } = context;
  const { email, password } = context.account.credentials;
  const userId = randomWord(4);
  const instanceId = randomUUID();
  // pkg/auth/jwt.go: base64 of SHA-256 over email/passwordHash/siteID.
  const stateHash = createHash('sha256')
    .update(`${email}/${randomWord(16)}:${password}/${randomUUID()}`)
    .digest('base64');
  const captchas = new Captchas();
  const login = createCloudreveLogin({
    account: context.account,
    captchas,
    secret: randomBytes(20),
    now,
    scenarios,
    openSession: () => succeed({ user: describeUser(), token: describeTokens(openSession()) }),
  });

  return {
    id: 'cloudreve',
    prefix: '/api/v4/',
    routes: [
      { method: 'GET', path: '/api/v4/session/prepare', call: 'other', handle: withBearerCheck(login.prepare) },
      { method: 'GET', path: '/api/v4/site/config/login', call: 'other', handle: withBearerCheck(describeLogin) },
      { method: 'GET', path: '/api/v4/site/config/basic', call: 'other', handle: withBearerCheck(describeSite) },
      {
        method: 'GET',
        path: '/api/v4/site/captcha',
        call: 'captcha',
        handle: withBearerCheck(() => succeed(captchas.issue())),
      },
      { method: 'POST', path: '/api/v4/session/token', call: 'login', handle: withBearerCheck(login.password) },
      { method: 'POST', path: '/api/v4/session/token/2fa', call: 'twoFactor', handle: withBearerCheck(login.code) },
      { method: 'POST', path: '/api/v4/session/token/refresh', call: 'refresh', handle: withBearerCheck(refresh) },
      { method: 'DELETE', path: '/api/v4/session/token', call: 'logout', handle: withBearerCheck(logout) },
      { method: 'GET', path: '/api/v4/user/me', call: 'protected', handle: requireUser(() => succeed(describeUser())) },
      {
        method: 'GET',
        path: '/api/v4/user/capacity',
        call: 'protected',
        // Storage capacity page, whose third field is only in the Pro edition.
        handle: requireUser(() => succeed({ total: 1_073_741_824, used: 20_480 })),
      },
    ],
    failure,
    oneTimeCode: login.oneTimeCode,
    captchaText: (ticket) => captchas.getText(ticket),
    // Captchas are in the memory of base64Captcha. The rest is in a cache that only a graceful stop saves (application.go), if there is no
    // Redis; an upgrade of the version deletes it too (inventory/migration.go).
    restart(how) {
      captchas.clear();
      if (how === 'soft') return;
      families.forgetRevokedRefresh();
      login.forget();
    },
  };

  // middleware/auth.go: a bearer token is checked on every route, even if none is required. Before that, the caller or the group of the
  // anonymous ones is read from the database.
  function checkCaller(request: ReceivedRequest): SandboxResponse | 'user' | 'anonymous' {
    const { accountState, database } = scenarios();
    const noUser = (outcome: SandboxOutcome): SandboxResponse =>
      refuseCaller(request, 50_001, 'failed to get login user', outcome);
    if (database === 'down') return noUser('databaseDown');
    const token = readCloudreveBearer(request);
    const claims = token === undefined ? 'unknown' : readToken(token, context.key, now(), 0);
    if (token === undefined || typeof claims === 'string') return 'anonymous';
    if (claims.token_type === 'refresh') return refuseCaller(request, 40_020, 'Invalid token type', 'badToken');
    if (families.checkAccess(token, now()) !== undefined) return 'anonymous';
    if (database === 'usersDown') return noUser('databaseDown');
    return accountState === 'active' ? 'user' : noUser('accountNotActive');
  }

  function withBearerCheck(handle: (request: ReceivedRequest, caller: 'user' | 'anonymous') => SandboxResponse) {
    return (request: ReceivedRequest): SandboxResponse => {
      const caller = checkCaller(request);
      const payload = parseJson(request.body.toString('utf8'))?.value;
      return { ...(typeof caller === 'object' ? caller : handle(request, caller)), payload };
    };
  }

  function requireUser(handle: () => SandboxResponse) {
    return (request: ReceivedRequest): SandboxResponse => {
      const caller = checkCaller(request);
      if (typeof caller === 'object') return caller;
      return caller === 'user' ? handle() : refuse(request, 401, 'Login required', anonymousOutcome(request));
    };
  }

  // Cloudreve responds alike to all of these, but the journal distinguishes them.
  function anonymousOutcome(request: ReceivedRequest) {
    const token = readCloudreveBearer(request);
    if (token === undefined) return 'badToken';
    const claims = readToken(token, context.key, now(), 0);
    return toOutcome(typeof claims === 'string' ? claims : (families.checkAccess(token, now()) ?? 'unknown'));
  }

  // False values are omitted, as Go's omitempty does (service/basic/site.go).
  function describeLogin(): SandboxResponse {
    return succeed({ ...(scenarios().captcha ? { login_captcha: true } : {}), register_enabled: true });
  }

  // service/basic/site.go. Open to anonymous callers, so a dead bearer token gets the anonymous user instead of an error.
  function describeSite(_request: ReceivedRequest, caller: 'user' | 'anonymous'): SandboxResponse {
    const kind = scenarios().captchaKind;
    return succeed({
      instance_id: instanceId,
      title: 'Sandbox',
      user: caller === 'user' ? describeUser() : { id: '', nickname: '', group: { id: '', name: 'Anonymous' } },
      captcha_type: kind.replace('WithoutSecret', ''),
      captcha_ReCaptchaKey: 'sandbox-recaptcha-key',
      turnstile_site_id: 'sandbox-turnstile-key',
      captcha_cap_instance_url: 'https://cap.example',
      captcha_cap_site_key: 'sandbox-cap-key',
    });
  }

  // service/user/login.go: every fault in a refresh token gets the same response.
  function refresh(request: ReceivedRequest): SandboxResponse {
    const bound = bindStrings(request, ['refresh_token']);
    if (bound.kind === 'refused') return bound.response;
    const token = bound.fields.refresh_token;
    if (token === '') return refuseParameter('RefreshToken cannot be empty');
    const claims = readToken(token, context.key, now(), 0);
    const current = scenarios();
    const isActive = current.accountState === 'active' && current.database === 'up';
    const result =
      typeof claims === 'string'
        ? claims
        : isActive
          ? families.refresh(token, now(), refreshRules(current, defaults, mint))
          : 'unknown';
    if (isTokenPair(result)) return succeed(describeTokens(result, current.refreshTokenInResponse !== 'omitted'));
    return refuse(request, 40_020, 'Failed to issue token pair', isActive ? toOutcome(result) : 'accountNotActive');
  }

  // Only refresh tokens carry a family, so an access token is accepted but revokes nothing. Access tokens always stay valid.
  function logout(request: ReceivedRequest): SandboxResponse {
    const bound = bindStrings(request, ['refresh_token']);
    if (bound.kind === 'refused') return bound.response;
    const token = bound.fields.refresh_token;
    if (token === '') return refuseParameter('RefreshToken cannot be empty');
    const claims = readToken(token, context.key, now(), 0);
    if (typeof claims === 'string') return refuse(request, 40_020, 'Failed to parse token', toOutcome(claims));
    const family = claims.root_token_id;
    if (typeof family === 'string') families.revokeRefresh(family);
    return succeed('');
  }

  function openSession(): TokenPair {
    return families.open(randomUUID(), now(), refreshRules(scenarios(), defaults, mint));
  }

  // service/user/response.go, which omits empty fields.
  function describeUser(): object {
    return {
      id: userId,
      email,
      nickname: email.split('@')[0],
      status: scenarios().accountState,
      created_at: '2025-04-26T14:58:28.456762+08:00',
      group: {
        id: 'sandboxgroup',
        name: 'User',
        permission: 'AgA=',
        direct_link_batch_size: 10,
        trash_retention: 604_800,
      },
      language: 'en-US',
    };
  }

  function mint(...[kind, family, issuedAt, expiresAt]: Parameters<TokenMint>): string {
    const isRefresh = kind === 'refresh';
    // Real tokens have no id. Rotation rules that Cloudreve does not have require one, or they would fail within one second.
    const isRotating = (scenarios().rotation ?? defaults.rotation) !== 'reuseAllowed';
    const claims = {
      token_type: kind,
      sub: userId,
      exp: Math.floor(expiresAt / 1000),
      nbf: Math.floor(issuedAt / 1000),
      ...(isRefresh ? { state_hash: stateHash, root_token_id: family } : {}),
      ...(isRotating ? { jti: randomUUID() } : {}),
    };
    return signToken(claims, context.key);
  }
}

// The 404 of gin is plain text, and a panic is a 500 without a body (router.go: Recovery). The format of others is the sandbox's own choice.
function failure(status: number, outcome: SandboxOutcome): SandboxResponse {
  if (status === 404) return { status, outcome, text: '404 page not found', headers: { 'content-type': 'text/plain' } };
  return status === 500
    ? { status, outcome, text: '', headers: {} }
    : { status, outcome, json: { code: status, msg: `Sandbox: HTTP ${status}` } };
}

// pkg/auth/jwt.go: exactly "Bearer " before it, or the bare token.
function readCloudreveBearer({ headers }: ReceivedRequest): string | undefined {
  const token = (headers.authorization ?? '').replace(/^Bearer /, '');
  return token === '' ? undefined : token;
}

function describeTokens(pair: TokenPair, withRefreshToken = true): object {
  return {
    access_token: pair.accessToken,
    ...(withRefreshToken ? { refresh_token: pair.refreshToken } : {}),
    access_expires: formatTime(pair.accessExpiresAt),
    ...(withRefreshToken ? { refresh_expires: formatTime(pair.refreshExpiresAt) } : {}),
  };
}

// Go writes the server's time zone and fractions finer than milliseconds, and clients must handle both.
function formatTime(at: number): string {
  const zone = 8 * 3_600_000;
  return new Date(Math.floor(at) + zone).toISOString().replace('Z', '762+08:00');
}
