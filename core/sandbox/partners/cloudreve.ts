import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { parseJson } from '../http/body.ts';
import type { SandboxResponse, PartnerServer, ReceivedRequest } from '../http/exchange.ts';
import { randomWord } from '../random.ts';
import { signToken } from '../tokens/jwt.ts';
import type { TokenMint, TokenPair } from '../tokens/families.ts';
import { Captchas } from './captcha.ts';
import { bindStrings, refuse, refuseParameter, succeed } from './cloudreve-envelope.ts';
import { createCloudreveLogin, type CloudreveAccount, type CloudreveCredentials } from './cloudreve-login.ts';
import {
  bearerOf,
  isPair,
  outcomeOf,
  readToken,
  refreshRules,
  type PartnerDefaults,
  type PartnerParts,
  type SandboxTwin,
} from './partner.ts';

// Lifetimes of a fresh database, and no rotation: Cloudreve 4.18 source (inventory/setting.go, pkg/auth/jwt.go).
const defaults: PartnerDefaults = { accessLifetime: 3600, refreshLifetime: 1_209_600, rotation: 'reuseAllowed' };

/** Cloudreve v4, as its 4.18 source behaves: every API answer is HTTP 200, `code` tells. */
export const cloudreve: SandboxTwin<{ readonly credentials?: Partial<CloudreveCredentials> }, CloudreveAccount> = {
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

function create(parts: PartnerParts<CloudreveAccount>): PartnerServer {
  const { families, now, scenarios } = parts;
  const { email, password } = parts.account.credentials;
  const userId = randomWord(4);
  // pkg/auth/jwt.go: base64 of SHA-256 over email/passwordHash/siteID.
  const stateHash = createHash('sha256')
    .update(`${email}/${randomWord(16)}:${password}/${randomUUID()}`)
    .digest('base64');
  const captchas = new Captchas();
  const login = createCloudreveLogin({
    account: parts.account,
    captchas,
    secret: randomBytes(20),
    now,
    scenarios,
    openSession: () => succeed({ user: describeUser(), token: tokenData(open()) }),
  });

  return {
    id: 'cloudreve',
    prefix: '/api/v4/',
    routes: [
      { method: 'GET', path: '/api/v4/session/prepare', call: 'other', handle: examined(login.prepare) },
      { method: 'GET', path: '/api/v4/site/config/login', call: 'other', handle: examined(describeLogin) },
      {
        method: 'GET',
        path: '/api/v4/site/captcha',
        call: 'captcha',
        handle: examined(() => succeed(captchas.issue(now()))),
      },
      { method: 'POST', path: '/api/v4/session/token', call: 'login', handle: examined(login.password) },
      { method: 'POST', path: '/api/v4/session/token/2fa', call: 'twoFactor', handle: examined(login.code) },
      { method: 'POST', path: '/api/v4/session/token/refresh', call: 'refresh', handle: examined(refresh) },
      { method: 'DELETE', path: '/api/v4/session/token', call: 'logout', handle: examined(logout) },
      { method: 'GET', path: '/api/v4/user/me', call: 'protected', handle: signedIn(() => succeed(describeUser())) },
      {
        method: 'GET',
        path: '/api/v4/user/capacity',
        call: 'protected',
        // The storage capacity page; its third field is of the Pro edition.
        handle: signedIn(() => succeed({ total: 1_073_741_824, used: 20_480 })),
      },
    ],
    // gin's own 404 is plain text; other bare statuses do not occur in Cloudreve, so their form is the sandbox's own choice.
    failure: (status, outcome) =>
      status === 404
        ? { status, outcome, text: '404 page not found', headers: { 'content-type': 'text/plain' } }
        : { status, outcome, json: { code: status, msg: `Sandbox: HTTP ${status}` } },
    oneTimeCode: login.oneTimeCode,
    captchaText: (ticket) => captchas.text(ticket),
  };

  // middleware/auth.go: an attached bearer is looked at on every route, also where none is needed. Undefined stands for an anonymous caller.
  function examineBearer(request: ReceivedRequest): SandboxResponse | 'user' | 'anonymous' {
    const token = bearerOf(request);
    const claims = token === undefined ? 'unknown' : readToken(token, parts.key, now());
    if (token === undefined || typeof claims === 'string') return 'anonymous';
    if (claims.token_type === 'refresh') return refuse(request, 40_020, 'Invalid token type', 'badToken');
    if (families.refuseAccess(token, now()) !== undefined) return 'anonymous';
    return scenarios().accountState === 'active'
      ? 'user'
      : refuse(request, 50_001, 'failed to get login user', 'accountNotActive');
  }

  function examined(handle: (request: ReceivedRequest) => SandboxResponse) {
    return (request: ReceivedRequest): SandboxResponse => {
      const caller = examineBearer(request);
      const payload = parseJson(request.body.toString('utf8'))?.value;
      return { ...(typeof caller === 'object' ? caller : handle(request)), payload };
    };
  }

  function signedIn(handle: () => SandboxResponse) {
    return (request: ReceivedRequest): SandboxResponse => {
      const caller = examineBearer(request);
      if (typeof caller === 'object') return caller;
      return caller === 'user' ? handle() : refuse(request, 401, 'Login required', whyAnonymous(request));
    };
  }

  // Cloudreve answers all of these alike; the journal tells them apart.
  function whyAnonymous(request: ReceivedRequest) {
    const token = bearerOf(request);
    if (token === undefined) return 'badToken';
    const claims = readToken(token, parts.key, now());
    return outcomeOf(typeof claims === 'string' ? claims : (families.refuseAccess(token, now()) ?? 'unknown'));
  }

  // False values are omitted, as Go's omitempty does (service/basic/site.go).
  function describeLogin(): SandboxResponse {
    return succeed({ ...(scenarios().captcha ? { login_captcha: true } : {}), register_enabled: true });
  }

  // service/user/login.go: whatever is wrong with a refresh token, the answer is one and the same.
  function refresh(request: ReceivedRequest): SandboxResponse {
    const bound = bindStrings(request, ['refresh_token']);
    if (bound.kind === 'refused') return bound.response;
    const token = bound.fields.refresh_token;
    if (token === '') return refuseParameter('RefreshToken cannot be empty');
    const claims = readToken(token, parts.key, now());
    const current = scenarios();
    const isActive = current.accountState === 'active';
    const result =
      typeof claims === 'string'
        ? claims
        : isActive
          ? families.refresh(token, now(), refreshRules(current, defaults, mint))
          : 'unknown';
    if (isPair(result)) return succeed(tokenData(result, current.refreshTokenInResponse !== 'omitted'));
    return refuse(request, 40_020, 'Failed to issue token pair', isActive ? outcomeOf(result) : 'accountNotActive');
  }

  // Only refresh tokens carry a family, so an access token is accepted and revokes nothing; access tokens live on in any case.
  function logout(request: ReceivedRequest): SandboxResponse {
    const bound = bindStrings(request, ['refresh_token']);
    if (bound.kind === 'refused') return bound.response;
    const token = bound.fields.refresh_token;
    if (token === '') return refuseParameter('RefreshToken cannot be empty');
    const claims = readToken(token, parts.key, now());
    if (typeof claims === 'string') return refuse(request, 40_020, 'Failed to parse token', outcomeOf(claims));
    const family = claims.root_token_id;
    if (typeof family === 'string') families.revokeRefresh(family);
    return succeed('');
  }

  function open(): TokenPair {
    return families.open(randomUUID(), now(), refreshRules(scenarios(), defaults, mint));
  }

  // service/user/response.go; empty fields are omitted there.
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
    // The real tokens have no id. Rules that Cloudreve does not have need one, else they would hang on the second of the refresh.
    const isRotating = (scenarios().rotation ?? defaults.rotation) !== 'reuseAllowed';
    const claims = {
      token_type: kind,
      sub: userId,
      exp: Math.floor(expiresAt / 1000),
      nbf: Math.floor(issuedAt / 1000),
      ...(isRefresh ? { state_hash: stateHash, root_token_id: family } : {}),
      ...(isRotating ? { jti: randomUUID() } : {}),
    };
    return signToken(claims, parts.key);
  }
}

function tokenData(pair: TokenPair, withRefreshToken = true): object {
  return {
    access_token: pair.accessToken,
    ...(withRefreshToken ? { refresh_token: pair.refreshToken } : {}),
    access_expires: rfc3339(pair.accessExpiresAt),
    ...(withRefreshToken ? { refresh_expires: rfc3339(pair.refreshExpiresAt) } : {}),
  };
}

// Go writes the server's own zone and finer fractions than milliseconds; clients must cope with both.
function rfc3339(at: number): string {
  const zone = 8 * 3_600_000;
  return new Date(Math.floor(at) + zone).toISOString().replace('Z', '762+08:00');
}
