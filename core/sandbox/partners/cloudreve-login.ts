import { randomUUID } from 'node:crypto';
import { asObject, parseJson } from '../http/body.ts';
import type { ReceivedRequest, SandboxResponse } from '../http/exchange.ts';
import type { SandboxScenarios } from '../scenarios.ts';
import { isOneTimeCode, oneTimeCode } from '../tokens/totp.ts';
import type { Captchas } from './captcha.ts';
import { bindStrings, refuse, refuseParameter, requireOneTimeCode, succeed } from './cloudreve-envelope.ts';

// service/user/login.go: the session for a one-time code lasts 600 s.
const codeSessionLifetime = 600;

/** What the widgets of the sandbox's captchas would respond. */
const widgetResponse = 'SANDBOX-CAPTCHA-RESPONSE';

/** Of the account at Cloudreve. */
export interface CloudreveCredentials {
  /** Its email address, compared without case. */
  readonly email: string;
  /** Its password. */
  readonly password: string;
}

export interface CloudreveAccount {
  readonly credentials: CloudreveCredentials;
}

export interface CloudreveLoginContext {
  readonly account: CloudreveAccount;
  readonly captchas: Captchas;
  /** The secret of the one-time codes. */
  readonly secret: Buffer;
  readonly now: () => number;
  readonly scenarios: () => SandboxScenarios;
  readonly openSession: () => SandboxResponse;
}

export interface CloudreveLogin {
  readonly oneTimeCode: () => string;
  readonly prepare: (request: ReceivedRequest) => SandboxResponse;
  readonly password: (request: ReceivedRequest) => SandboxResponse;
  readonly code: (request: ReceivedRequest) => SandboxResponse;
  /** Forgets the logins that wait for a one-time code. */
  readonly forget: () => void;
}

/** Creates Cloudreve's sign-in: prepare, password, one-time code (service/user/login.go, middleware/captcha.go). */
export function createCloudreveLogin(context: CloudreveLoginContext): CloudreveLogin {
  const { account, captchas, secret, now, scenarios, openSession } = context;
  const codeSessions = new Map<string, number>();
  const { credentials } = account;

  return {
    oneTimeCode: () => oneTimeCode(secret, now()),
    forget: () => codeSessions.clear(),

    prepare(request: ReceivedRequest): SandboxResponse {
      const email = request.query.get('email') ?? '';
      const problem = findEmailProblem(email);
      if (problem !== undefined) return refuseParameter(problem);
      if (!isSameEmail(email) || scenarios().accountState === 'gone') {
        return refuse(request, 404, 'User not found', 'badCredentials');
      }
      return succeed({ webauthn_enabled: false, password_enabled: true });
    },

    password(request: ReceivedRequest): SandboxResponse {
      // Before validation, so that invalid JSON is a captcha error and not a parameter error.
      const refusedCaptcha = scenarios().captcha ? checkCaptcha(request) : undefined;
      if (refusedCaptcha !== undefined) return refusedCaptcha;
      const bound = bindStrings(request, ['email', 'password']);
      if (bound.kind === 'refused') return bound.response;
      const { email, password } = bound.fields;
      const problem = findEmailProblem(email) ?? findPasswordProblem(password);
      if (problem !== undefined) return refuseParameter(problem);
      const { accountState, twoFactor, database } = scenarios();
      const isUnknown = accountState === 'gone' || database === 'usersDown' || !isSameEmail(email);
      if (isUnknown || password !== credentials.password) {
        return refuse(request, 40_080, 'Incorrect password or email address', 'badCredentials');
      }
      if (accountState === 'blocked') {
        return refuse(request, 40_017, 'This account has been blocked', 'accountNotActive');
      }
      if (accountState === 'inactive') {
        return refuse(request, 40_018, 'This account is not activated', 'accountNotActive');
      }
      return twoFactor ? requireOneTimeCode(openCodeSession()) : openSession();
    },

    code(request: ReceivedRequest): SandboxResponse {
      const bound = bindStrings(request, ['otp', 'session_id']);
      if (bound.kind === 'refused') return bound.response;
      const { otp, session_id: session } = bound.fields;
      if (otp === '') return refuseParameter('OTP cannot be empty');
      if (session === '') return refuseParameter('SessionID cannot be empty');
      if (now() >= (codeSessions.get(session) ?? 0)) return refuse(request, 404, 'Session not found', 'badCode');
      if (scenarios().accountState === 'gone') return refuse(request, 404, 'User not found', 'accountNotActive');
      // A wrong code leaves the session open, with no limit on attempts.
      if (!isOneTimeCode(otp, secret, now())) return refuse(request, 40_022, 'Incorrect 2FA code', 'badCode');
      codeSessions.delete(session);
      return openSession();
    },
  };

  function openCodeSession(): string {
    const session = randomUUID();
    codeSessions.set(session, now() + codeSessionLifetime * 1000);
    return session;
  }

  // inventory/user.go compares with EqualFold.
  function isSameEmail(email: string): boolean {
    return email.toLowerCase() === credentials.email.toLowerCase();
  }

  // middleware/captcha.go
  function checkCaptcha(request: ReceivedRequest): SandboxResponse | undefined {
    const body = asObject(parseJson(request.body.toString('utf8'))?.value);
    const { ticket = '', captcha = '' } = body ?? {};
    const isBound = body !== undefined && typeof ticket === 'string' && typeof captcha === 'string';
    const refuseWith = (msg: string): SandboxResponse => refuse(request, 40_026, msg, 'badCaptcha');
    if (!isBound) return refuseWith('CAPTCHA not match.');
    switch (scenarios().captchaKind) {
      case 'normal':
      case 'tcaptcha':
        return captchas.redeem(ticket, captcha) ? undefined : refuseWith('CAPTCHA not match.');
      case 'recaptcha':
        return captcha === widgetResponse
          ? undefined
          : refuseWith('Verification failed, please refresh the page and retry.');
      case 'recaptchaWithoutSecret':
        // The handler aborts without a response, so gin sends an empty one.
        return { status: 200, outcome: 'badCaptcha', text: '' };
      case 'turnstile':
      case 'cap':
        return ticket === widgetResponse ? undefined : refuseWith('Captcha validation failed');
      case 'capWithoutSecret':
        return refuseWith('Captcha configuration error');
    }
  }
}

function findEmailProblem(email: string): string | undefined {
  if (email === '') return 'Email cannot be empty';
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) ? undefined : 'Email format error';
}

function findPasswordProblem(password: string): string | undefined {
  if (password === '') return 'Password cannot be empty';
  // Go counts code points, not UTF-16 units.
  const { length } = Array.from(password);
  if (length < 4) return 'Password too short';
  return length > 128 ? 'Password too long' : undefined;
}
