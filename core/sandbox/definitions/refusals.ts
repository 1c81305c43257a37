import { randomUUID } from 'node:crypto';
import type { CallKind, ErrorRule, PartnerDefinition, ResponseShape } from '../../partners/definition.ts';
import type { SandboxOutcome, SandboxResponse } from '../http/exchange.ts';
import { getAt, place, toResponse, type Content, type Json } from './paths.ts';
import { shapeOf } from './responses.ts';

/** Why a partner served from a definition can refuse a request. */
export type RefusalReason =
  | 'badCredentials'
  | 'refreshTokenRefused'
  | 'accessTokenRefused'
  | 'badCiphertext'
  | 'wrongPartnerCode'
  | 'wrongClient'
  | 'oneTimeCodeRequired'
  | 'invalidOneTimeCode'
  | 'captchaRequired'
  | 'accountNotActive'
  | 'badRequest';

interface RefusalDefaults {
  /** The HTTP status if no error rule sets another. */
  readonly status: number;
  readonly outcome: SandboxOutcome;
  readonly message: string;
  /** Whether an error rule covers this reason. */
  readonly matches: (rule: ErrorRule, on: CallKind) => boolean;
}

const means =
  (code: ErrorRule['is']): RefusalDefaults['matches'] =>
  (rule) =>
    rule.is === code;

const refusalDefaults: Readonly<Record<RefusalReason, RefusalDefaults>> = {
  badCredentials: {
    status: 401,
    outcome: 'badCredentials',
    message: 'wrong credentials',
    matches: means('invalidCredentials'),
  },
  refreshTokenRefused: {
    status: 401,
    outcome: 'badToken',
    message: 'refresh token refused',
    matches: means('sessionEnded'),
  },
  accessTokenRefused: {
    status: 401,
    outcome: 'badToken',
    message: 'access token refused',
    matches: means('tokenRefused'),
  },
  badCiphertext: {
    status: 400,
    outcome: 'badCiphertext',
    message: 'the payload could not be decrypted',
    matches: (rule) => rule.is === 'cipher' || concerns('cipher', rule),
  },
  wrongPartnerCode: {
    status: 403,
    outcome: 'wrongPartnerCode',
    message: 'the partner code is missing or unknown',
    matches: (rule) => concerns('partnerCode', rule),
  },
  wrongClient: {
    status: 401,
    outcome: 'wrongClient',
    message: 'the client is missing or unknown',
    matches: (rule) => concerns('client', rule),
  },
  oneTimeCodeRequired: {
    status: 401,
    outcome: 'twoFactorRequired',
    message: 'a one-time code is required',
    matches: means('oneTimeCodeRequired'),
  },
  invalidOneTimeCode: {
    status: 401,
    outcome: 'badCode',
    message: 'one-time code refused',
    matches: means('invalidOneTimeCode'),
  },
  captchaRequired: {
    status: 403,
    outcome: 'badCaptcha',
    message: 'a captcha is required',
    matches: (rule) => rule.is === 'captchaRequired' && !concerns('captcha', rule),
  },
  accountNotActive: {
    status: 403,
    outcome: 'accountNotActive',
    message: 'the account is not active',
    matches: means('accountUnavailable'),
  },
  badRequest: {
    status: 400,
    outcome: 'validation',
    message: 'the request does not match the definition',
    // A rule about credentials applies to login only.
    matches: (rule, on) =>
      rule.is === 'configuration' &&
      !concerns('cipher', rule) &&
      !concerns('partnerCode', rule) &&
      (on === 'login' || !concerns('credentials', rule)),
  },
};

/** The status and code of an OAuth 2.0 server (RFC 6749 section 5.2, RFC 6750 section 3.1). */
const oauthErrors: Partial<Readonly<Record<RefusalReason, readonly [status: number, code: string]>>> = {
  badCredentials: [400, 'invalid_grant'],
  invalidOneTimeCode: [400, 'invalid_grant'],
  refreshTokenRefused: [400, 'invalid_grant'],
  wrongClient: [401, 'invalid_client'],
  badRequest: [400, 'invalid_request'],
  accessTokenRefused: [401, 'invalid_token'],
};

export interface RefusalDetails {
  /** Overrides the reason's default outcome in the journal. */
  readonly outcome?: SandboxOutcome;
  /** Overrides the reason's default message, unless a rule sets one. */
  readonly message?: string;
  /** Additional fields of the response, by path. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** Why a request is refused before its payload is evaluated. */
export interface RequestProblem {
  readonly reason: Extract<RefusalReason, 'badRequest' | 'badCiphertext' | 'wrongPartnerCode'>;
  readonly message?: string;
}

export interface Refusals {
  /**
   * Builds the response that the first error rule for the reason describes, so that a client with the same definition understands it.
   * Without such a rule: a plain HTTP status in the definition's format.
   */
  readonly refuse: (on: CallKind, reason: RefusalReason, details?: RefusalDetails) => SandboxResponse;
  readonly refuseProblem: (on: CallKind, problem: RequestProblem) => SandboxResponse;
  readonly refuseMissing: (on: CallKind, fields: readonly string[]) => SandboxResponse;
  /** Builds a plain HTTP error in the definition's format, regardless of its rules. */
  readonly failure: (status: number, outcome: SandboxOutcome) => SandboxResponse;
}

export function createRefusals(definition: PartnerDefinition): Refusals {
  const { errors: rules = [] } = definition;

  return {
    refuse,
    refuseProblem: (on, { reason, message }) => refuse(on, reason, message === undefined ? {} : { message }),
    refuseMissing: (on, fields) => refuse(on, 'badRequest', { message: `${fields.join(', ')} required` }),
    failure: (status, outcome) => ({
      status,
      outcome,
      ...toResponse(errorContent('request', status, `HTTP ${status}`)),
    }),
  };

  function refuse(
    on: CallKind,
    reason: RefusalReason,
    { outcome, message, fields = {} }: RefusalDetails = {},
  ): SandboxResponse {
    const defaults = refusalDefaults[reason];
    const rule = rules.find((candidate) => appliesTo(candidate, on) && defaults.matches(candidate, on));
    const isOauth = rule === undefined && (definition.client !== undefined || definition.body.form === 'urlencoded');
    const [oauthStatus, oauthCode] = (isOauth ? oauthErrors[reason] : undefined) ?? [];
    const content = errorContent(on, oauthStatus ?? defaults.status, message ?? defaults.message, rule);
    if (oauthCode !== undefined) {
      content.json.error = oauthCode;
      if (reason === 'accessTokenRefused') content.headers['www-authenticate'] = `Bearer error="${oauthCode}"`;
    }
    for (const [path, value] of Object.entries(fields)) place(content, path, value);
    const status = oauthStatus ?? chooseStatus(rule, defaults.status, on, content.json);
    return { status, outcome: outcome ?? defaults.outcome, ...toResponse(content) };
  }

  function shapeAt(on: CallKind): ResponseShape {
    const call = on === 'request' ? undefined : definition[on];
    return shapeOf(definition, typeof call === 'object' ? call : undefined);
  }

  function errorContent(on: CallKind, status: number, message: string, rule?: ErrorRule): Content {
    const shape = shapeAt(on);
    const content: Content = { json: {}, headers: {} };
    if (shape.success !== undefined) place(content, shape.success.field, failureMarker(shape.success.equals));
    if (shape.correlationId !== undefined) place(content, shape.correlationId, randomUUID());
    place(content, shape.message ?? 'message', rule?.message ?? `Sandbox: ${message}`);
    if (shape.code !== undefined) place(content, shape.code, rule?.code ?? defaultCode(shape, status));
    return content;
  }

  // A code that no rule uses, of the same type as theirs.
  function defaultCode(shape: ResponseShape, status: number): string | number {
    const isNumber =
      rules.some(({ code }) => typeof code === 'number') ||
      (shape.success?.field === shape.code && typeof shape.success?.equals === 'number');
    return isNumber ? 90_000 + status : `SANDBOX_${status}`;
  }

  // A rule may omit the status. A partner that marks successes in the body and whose rules never mention a status always responds with 200.
  function chooseStatus(rule: ErrorRule | undefined, defaultStatus: number, on: CallKind, json: Json): number {
    if (rule === undefined) return defaultStatus;
    if (rule.status !== undefined) return rule.status;
    const isAlwaysOk = shapeAt(on).success !== undefined && rules.every(({ status }) => status === undefined);
    const preferred = isAlwaysOk ? 200 : defaultStatus;
    // Another status if with the preferred one an earlier rule would match.
    return (
      [preferred, defaultStatus, 400, 401, 403, 409, 422].find(
        (status) => findMatchingRule(on, status, json) === rule,
      ) ?? preferred
    );
  }

  function findMatchingRule(on: CallKind, status: number, json: Json): ErrorRule | undefined {
    const shape = shapeAt(on);
    return rules.find(
      (rule) =>
        appliesTo(rule, on) &&
        (rule.status === undefined || rule.status === status) &&
        (rule.code === undefined || (shape.code !== undefined && getAt(json, shape.code) === rule.code)) &&
        (rule.message === undefined || (shape.message !== undefined && getAt(json, shape.message) === rule.message)),
    );
  }
}

function appliesTo(rule: ErrorRule, on: CallKind): boolean {
  return rule.on?.includes(on) ?? true;
}

/** Both `cipher` and `cipher.key` concern `cipher`. */
function concerns(setting: string, rule: ErrorRule): boolean {
  return rule.setting?.split('.')[0] === setting;
}

function failureMarker(success: string | number | boolean): string | number | boolean {
  if (typeof success === 'boolean') return !success;
  if (typeof success === 'number') return success === 0 ? 1 : 0;
  return success === 'error' ? 'failed' : 'error';
}
