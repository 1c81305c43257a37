import { randomUUID } from 'node:crypto';
import type { CallKind, ErrorRule, PartnerDefinition } from '../../partners/definition.ts';
import type { SandboxResponse, SandboxOutcome } from '../http/exchange.ts';
import { putAt, valueAt, type Json } from './paths.ts';

/** What a partner by definition can refuse a request for. */
export type Situation =
  | 'badCredentials'
  | 'deadRefreshToken'
  | 'refusedBearer'
  | 'badCiphertext'
  | 'wrongPartnerCode'
  | 'codeWanted'
  | 'wrongCode'
  | 'captchaWanted'
  | 'accountNotActive'
  | 'badRequest';

interface SituationFacts {
  /** The HTTP status where no error rule says otherwise. */
  readonly status: number;
  readonly outcome: SandboxOutcome;
  readonly text: string;
  /** Whether an error rule speaks of it. */
  readonly fits: (rule: ErrorRule, on: CallKind) => boolean;
}

const is =
  (meaning: ErrorRule['is']): SituationFacts['fits'] =>
  (rule) =>
    rule.is === meaning;

const situations: Readonly<Record<Situation, SituationFacts>> = {
  badCredentials: {
    status: 401,
    outcome: 'badCredentials',
    text: 'wrong credentials',
    fits: is('invalidCredentials'),
  },
  deadRefreshToken: { status: 401, outcome: 'badToken', text: 'refresh token refused', fits: is('sessionEnded') },
  refusedBearer: { status: 401, outcome: 'badToken', text: 'access token refused', fits: is('tokenRefused') },
  badCiphertext: {
    status: 400,
    outcome: 'badCiphertext',
    text: 'the payload could not be decrypted',
    fits: (rule) => rule.is === 'cipher' || isAbout('cipher', rule),
  },
  wrongPartnerCode: {
    status: 403,
    outcome: 'wrongPartnerCode',
    text: 'the partner code is missing or unknown',
    fits: (rule) => isAbout('partnerCode', rule),
  },
  codeWanted: {
    status: 401,
    outcome: 'twoFactorRequired',
    text: 'a one-time code is wanted',
    fits: is('oneTimeCodeRequired'),
  },
  wrongCode: { status: 401, outcome: 'badCode', text: 'one-time code refused', fits: is('invalidOneTimeCode') },
  captchaWanted: { status: 403, outcome: 'badCaptcha', text: 'a captcha is wanted', fits: is('captchaRequired') },
  accountNotActive: {
    status: 403,
    outcome: 'accountNotActive',
    text: 'the account is not active',
    fits: is('accountUnavailable'),
  },
  badRequest: {
    status: 400,
    outcome: 'validation',
    text: 'the request is not as defined',
    // What login says of its credentials is no answer to another call.
    fits: (rule, on) =>
      rule.is === 'configuration' &&
      !isAbout('cipher', rule) &&
      !isAbout('partnerCode', rule) &&
      (on === 'login' || !isAbout('credentials', rule)),
  },
};

export interface RefusalDetails {
  /** More exact than the situation's own, for the journal. */
  readonly outcome?: SandboxOutcome;
  /** In place of the situation's own text, where no rule gives one. */
  readonly text?: string;
  /** Further fields of the answer, by path. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** Why a request is refused before anybody looks at what it asks for. */
export interface Problem {
  readonly situation: Extract<Situation, 'badRequest' | 'badCiphertext' | 'wrongPartnerCode'>;
  readonly text?: string;
}

export interface Refusals {
  /**
   * Answers as the first error rule that speaks of the situation says, so that a client with the same definition understands it. Without
   * such a rule: a plain HTTP status in the definition's form.
   */
  readonly refuse: (on: CallKind, situation: Situation, details?: RefusalDetails) => SandboxResponse;
  readonly refuseProblem: (on: CallKind, problem: Problem) => SandboxResponse;
  readonly refuseMissing: (on: CallKind, fields: readonly string[]) => SandboxResponse;
  /** A bare HTTP error in the definition's form, whatever its rules. */
  readonly failure: (status: number, outcome: SandboxOutcome) => SandboxResponse;
}

export function createRefusals(definition: PartnerDefinition): Refusals {
  const { response: shape, errors: rules = [] } = definition;

  return {
    refuse,
    refuseProblem: (on, { situation, text }) => refuse(on, situation, text === undefined ? {} : { text }),
    refuseMissing: (on, fields) => refuse(on, 'badRequest', { text: `${fields.join(', ')} required` }),
    failure: (status, outcome) => ({ status, outcome, json: errorBody(status, `HTTP ${status}`) }),
  };

  function refuse(
    on: CallKind,
    situation: Situation,
    { outcome, text, fields = {} }: RefusalDetails = {},
  ): SandboxResponse {
    const facts = situations[situation];
    const rule = rules.find((one) => isFor(one, on) && facts.fits(one, on));
    const json = errorBody(facts.status, text ?? facts.text, rule);
    for (const [path, value] of Object.entries(fields)) putAt(json, path, value);
    return { status: statusOf(rule, facts.status, on, json), outcome: outcome ?? facts.outcome, json };
  }

  function errorBody(status: number, text: string, rule?: ErrorRule): Json {
    const json: Json = {};
    if (shape.success !== undefined) putAt(json, shape.success.field, unlike(shape.success.equals));
    if (shape.correlationId !== undefined) putAt(json, shape.correlationId, randomUUID());
    putAt(json, shape.message ?? 'message', rule?.message ?? `Sandbox: ${text}`);
    if (shape.code !== undefined) putAt(json, shape.code, rule?.code ?? ownCode(status));
    return json;
  }

  // One that no rule has, in the type of those that they have.
  function ownCode(status: number): string | number {
    const isNumber =
      rules.some(({ code }) => typeof code === 'number') ||
      (shape.success?.field === shape.code && typeof shape.success?.equals === 'number');
    return isNumber ? 90_000 + status : `SANDBOX_${status}`;
  }

  // A rule may leave the status open. A partner that marks its successes and never speaks of statuses answers everything with 200.
  function statusOf(rule: ErrorRule | undefined, plain: number, on: CallKind, json: Json): number {
    if (rule === undefined) return plain;
    if (rule.status !== undefined) return rule.status;
    const isAlwaysOk = shape.success !== undefined && rules.every(({ status }) => status === undefined);
    const wanted = isAlwaysOk ? 200 : plain;
    // Another status where with this one an earlier rule would be understood.
    return [wanted, plain, 400, 401, 403, 409, 422].find((status) => understood(on, status, json) === rule) ?? wanted;
  }

  function understood(on: CallKind, status: number, json: Json): ErrorRule | undefined {
    return rules.find(
      (rule) =>
        isFor(rule, on) &&
        (rule.status === undefined || rule.status === status) &&
        (rule.code === undefined || (shape.code !== undefined && valueAt(json, shape.code) === rule.code)) &&
        (rule.message === undefined || (shape.message !== undefined && valueAt(json, shape.message) === rule.message)),
    );
  }
}

function isFor(rule: ErrorRule, on: CallKind): boolean {
  return rule.on?.includes(on) ?? true;
}

/** `cipher` and `cipher.key` are both about `cipher`. */
function isAbout(setting: string, rule: ErrorRule): boolean {
  return rule.setting?.split('.')[0] === setting;
}

function unlike(marker: string | number | boolean): string | number | boolean {
  if (typeof marker === 'boolean') return !marker;
  if (typeof marker === 'number') return marker === 0 ? 1 : 0;
  return marker === 'error' ? 'failed' : 'error';
}
