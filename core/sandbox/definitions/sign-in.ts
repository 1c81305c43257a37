import { randomBytes, randomUUID } from 'node:crypto';
import type { AuthCall } from '../../partners/definition.ts';
import type { SandboxResponse, ReceivedRequest } from '../http/exchange.ts';
import { Captchas } from '../partners/captcha.ts';
import { isFilled } from '../partners/partner.ts';
import type { SandboxScenarios } from '../scenarios.ts';
import { isOneTimeCode, oneTimeCode } from '../tokens/totp.ts';
import { requiredCredentials, type DefinedAccount } from './account.ts';
import type { Responses } from './responses.ts';
import type { Refusals } from './refusals.ts';
import type { Payload, Reader } from './requests.ts';

export interface SignInParts {
  readonly account: DefinedAccount;
  readonly reader: Reader;
  readonly responses: Responses;
  readonly refusals: Refusals;
  readonly now: () => number;
  readonly scenarios: () => SandboxScenarios;
  readonly openSession: (call: AuthCall) => SandboxResponse;
}

export interface SignIn {
  readonly credentials: (payload: Payload) => SandboxResponse;
  readonly code: (payload: Payload) => SandboxResponse;
  readonly captcha: (request: ReceivedRequest) => SandboxResponse;
  readonly oneTimeCode: () => string;
  readonly captchaText: (ticket: string) => string | undefined;
}

/** The sign-in of a partner by definition: credentials, and a captcha and a one-time code where it has them and a scenario wants them. */
export function createSignIn(parts: SignInParts): SignIn {
  const { now, scenarios, responses: responses, openSession } = parts;
  const { definition, credentials } = parts.account;
  const { refuse, refuseProblem, refuseMissing } = parts.refusals;
  const captchas = new Captchas();
  const secret = randomBytes(20);
  const codeSessions = new Map<string, number>();
  const required = requiredCredentials(definition).map(({ name }) => name);

  return {
    oneTimeCode: () => oneTimeCode(secret, now()),
    captchaText: (ticket) => captchas.text(ticket),

    credentials(payload) {
      const missing = required.filter((name) => !isFilled(payload[name]));
      if (missing.length > 0) return refuseMissing('login', missing);
      const { captcha, twoFactor, accountState } = scenarios();
      if (captcha && !hasCaptcha(payload)) return refuse('login', 'captchaWanted');
      // An optional credential counts once it is sent.
      const isWrong = ([name, value]: [string, string]): boolean =>
        Object.hasOwn(payload, name) && payload[name] !== value;
      if (Object.entries(credentials).some(isWrong)) return refuse('login', 'badCredentials');
      if (accountState !== 'active') return refuse('login', 'accountNotActive');
      const step = definition.oneTimeCode;
      if (step === undefined || !twoFactor) return openSession(definition.login);
      const session = randomUUID();
      codeSessions.set(session, now() + step.lifetime * 1000);
      return refuse('login', 'codeWanted', { fields: { [step.sessionIn]: session } });
    },

    code(payload) {
      const step = definition.oneTimeCode;
      const code = String(payload[step?.codeField ?? '']);
      const session = String(payload[step?.sessionField ?? '']);
      const isOpen = now() < (codeSessions.get(session) ?? 0);
      // A wrong code leaves the half-finished login open.
      if (step === undefined || !isOpen || !isOneTimeCode(code, secret, now()))
        return refuse('oneTimeCode', 'wrongCode');
      codeSessions.delete(session);
      if (scenarios().accountState !== 'active') return refuse('oneTimeCode', 'accountNotActive');
      return openSession(step);
    },

    captcha(request) {
      const problem = parts.reader.headerProblem(request, false);
      if (problem !== undefined) return refuseProblem('login', problem);
      const { image, ticket } = captchas.issue(now());
      const { imageIn = 'image', ticketIn = 'ticket' } = definition.captcha ?? {};
      return responses.succeed({ [imageIn]: image, [ticketIn]: ticket });
    },
  };

  function hasCaptcha(payload: Payload): boolean {
    const step = definition.captcha;
    if (step === undefined) return true;
    const { [step.ticketField]: ticket, [step.textField]: text } = payload;
    return isFilled(ticket) && isFilled(text) && captchas.redeem(ticket, text, now());
  }
}
