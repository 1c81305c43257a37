import { randomBytes, randomUUID } from 'node:crypto';
import { asObject, parseJson, parseMultipart } from '../http/body.ts';
import type { PartnerServer, ReceivedRequest, SandboxOutcome, SandboxResponse } from '../http/exchange.ts';
import { randomWord } from '../random.ts';
import { signToken } from '../tokens/jwt.ts';
import type { TokenMint, TokenPair } from '../tokens/families.ts';
import {
  isNonEmptyString,
  isTokenPair,
  readBearer,
  readToken,
  refreshRules,
  secondsUntil,
  toOutcome,
  type PartnerContext,
  type PartnerDefaults,
  type PartnerSimulator,
} from './partner.ts';

/** Of the account at BizMail. */
export interface BizmailCredentials {
  /** Its name for `login()`. */
  readonly username: string;
  /** Its password. */
  readonly password: string;
}

export interface BizmailAccount {
  readonly credentials: BizmailCredentials;
}

type Fields = Readonly<Record<string, unknown>>;

// Lifetimes: BizMail token page. Rotation: the sandbox's own choice, nothing is published.
const defaults: PartnerDefaults = { accessLifetime: 86_400, refreshLifetime: 7_776_000, rotation: 'strict' };

/** Total size of the attachments of a mail, in bytes (BizMail send page). */
const attachmentLimit = 20 * 1024 * 1024;

/** BizMail Delivery API 1.0: plain bodies, JSON or multipart (its pages name both, so both are accepted). */
export const bizmail: PartnerSimulator<{ readonly credentials?: Partial<BizmailCredentials> }, BizmailAccount> = {
  tokenAlgorithm: 'HS256',
  completeAccount: ({ credentials }) => ({
    credentials: {
      username: `mailer-${randomWord(6).toLowerCase()}@example.com`,
      password: randomWord(16),
      ...credentials,
    },
  }),
  create,
};

function create(context: PartnerContext<BizmailAccount>): PartnerServer {
  const userId = randomBytes(12).toString('hex');
  const domainId = randomUUID();
  return {
    id: 'bizmail',
    prefix: '/api/1.0/',
    routes: [
      { method: 'POST', path: '/api/1.0/auth/token', call: 'login', handle: withFields(login) },
      { method: 'POST', path: '/api/1.0/auth/refresh', call: 'refresh', handle: withFields(refresh) },
      { method: 'POST', path: '/api/1.0/mail/store', call: 'protected', handle: storeMail },
    ],
    failure: (status, outcome) =>
      refuse(status, status === 500 ? 'Internal server error' : `Sandbox: HTTP ${status}`, outcome),
  };

  function login(fields: Fields): SandboxResponse {
    const { username, password } = fields;
    const { credentials } = context.account;
    if (!isNonEmptyString(username) || !isNonEmptyString(password)) {
      return refuse(400, 'username and password are required', 'validation');
    }
    const scenarios = context.scenarios();
    if (username !== credentials.username || password !== credentials.password) {
      return refuse(401, 'Invalid credentials', 'badCredentials');
    }
    if (scenarios.accountState !== 'active') return refuse(401, 'Invalid credentials', 'accountNotActive');
    return respondWithTokens(
      context.families.open(randomUUID(), context.now(), refreshRules(scenarios, defaults, mint)),
    );
  }

  function refresh(fields: Fields): SandboxResponse {
    const token = fields.refresh_token;
    if (!isNonEmptyString(token)) return refuse(400, 'refresh_token is required', 'validation');
    const now = context.now();
    const claims = readToken(token, context.key, now);
    const scenarios = context.scenarios();
    if (typeof claims === 'object' && scenarios.accountState !== 'active') {
      return refuse(401, 'User not found', 'accountNotActive');
    }
    const result =
      typeof claims === 'string'
        ? claims
        : context.families.refresh(token, now, refreshRules(scenarios, defaults, mint));
    if (isTokenPair(result)) return respondWithTokens(result, scenarios.refreshTokenInResponse !== 'omitted');
    return refuse(401, result === 'expired' ? 'Refresh token expired' : 'Invalid refresh token', toOutcome(result));
  }

  // Field names and limits: BizMail send page. It names its responses without their messages, which are the sandbox's own choice.
  async function storeMail(request: ReceivedRequest): Promise<SandboxResponse> {
    const refusal = refuseBearer(request);
    if (refusal !== undefined) return refusal;
    const type = request.headers['content-type'] ?? '';
    const fields = /^multipart\/form-data/i.test(type) ? await parseMultipart(request.body, type) : undefined;
    if (fields === undefined) return refuse(400, 'Sandbox: the body must be multipart/form-data', 'validation');
    const problem = findMailProblem(fields);
    if (problem !== undefined) return { ...refuse(400, `Sandbox: ${problem}`, 'validation'), payload: fields };
    const json = { success: true, message: 'Sandbox: the mail was accepted and discarded' };
    return { status: 200, outcome: 'ok', json, payload: fields };
  }

  function refuseBearer(request: ReceivedRequest): SandboxResponse | undefined {
    const token = readBearer(request);
    if (token === undefined) return refuse(401, 'Missing or invalid token', 'badToken');
    const claims = readToken(token, context.key, context.now());
    const refusal = typeof claims === 'string' ? claims : context.families.checkAccess(token, context.now());
    if (refusal === 'expired') return refuse(401, 'Token expired', 'expired');
    if (refusal !== undefined) return refuse(401, 'Missing or invalid token', toOutcome(refusal));
    if (context.scenarios().accountState === 'active') return undefined;
    return refuse(401, 'Missing or invalid token', 'accountNotActive');
  }

  function respondWithTokens(pair: TokenPair, withRefreshToken = true): SandboxResponse {
    const json = {
      success: true,
      access_token: pair.accessToken,
      ...(withRefreshToken ? { refresh_token: pair.refreshToken } : {}),
      token_type: 'Bearer',
      expires_in: secondsUntil(pair.accessExpiresAt, context.now()),
    };
    return { status: 200, outcome: 'ok', json };
  }

  // The claims of the published samples, plus a `jti` as the sandbox's own choice: without it two refreshes within one second would issue
  // the same token, and whether the old one is refused would depend on the clock.
  function mint(...[kind, , issuedAt, expiresAt]: Parameters<TokenMint>): string {
    const claims = {
      user_id: userId,
      username: context.account.credentials.username,
      domain_uuid: domainId,
      type: kind,
      iat: Math.floor(issuedAt / 1000),
      exp: Math.floor(expiresAt / 1000),
      jti: randomUUID(),
    };
    return signToken(claims, context.key);
  }
}

function withFields(handle: (fields: Fields) => SandboxResponse) {
  return async (request: ReceivedRequest): Promise<SandboxResponse> => {
    const type = request.headers['content-type'] ?? '';
    const payload = /^multipart\/form-data/i.test(type)
      ? await parseMultipart(request.body, type)
      : asObject(parseJson(request.body.toString('utf8'))?.value);
    return { ...handle(payload ?? {}), ...(payload === undefined ? {} : { payload }) };
  };
}

function refuse(status: number, message: string, outcome: SandboxOutcome): SandboxResponse {
  return { status, outcome, json: { success: false, message } };
}

function findMailProblem(fields: Fields): string | undefined {
  const missing = ['from', 'from_name', 'subject'].filter((name) => !isNonEmptyString(fields[name]));
  if (missing.length > 0) return `${missing.join(', ')} required`;
  if (String(fields.from).length > 255 || String(fields.from_name).length > 255) return 'from is too long';
  if (!String(fields.from).includes('@')) return 'from must be an e-mail address';
  if (fields.to === undefined && fields['to[]'] === undefined) return 'to required';
  if (!isNonEmptyString(fields.text) && !isNonEmptyString(fields.html)) return 'text or html required';
  const attachments = [fields['attachments[]'] ?? []].flat();
  const size = attachments.reduce((sum: number, file) => sum + Number(asObject(file)?.size ?? 0), 0);
  return size > attachmentLimit ? 'attachments too large' : undefined;
}
