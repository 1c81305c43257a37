import { randomBytes, randomUUID } from 'node:crypto';
import type { AuthCall } from '../../partners/definition.ts';
import type { ReceivedRequest, SandboxResponse } from '../http/exchange.ts';
import { Captchas } from '../partners/captcha.ts';
import { isNonEmptyString } from '../partners/partner.ts';
import type { SandboxScenarios } from '../scenarios.ts';
import { isOneTimeCode, oneTimeCode } from '../tokens/totp.ts';
import { requiredCredentials, type DefinedAccount } from './account.ts';
import type { Responses } from './responses.ts';
import type { Refusals } from './refusals.ts';
import { fieldOf, type Payload, type RequestReader } from './requests.ts';

export interface SignInContext {
  readonly account: DefinedAccount;
  readonly reader: RequestReader;
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

/** Creates the sign-in of a definition: credentials, plus a captcha and a one-time code if it has them and a scenario turns them on. */
export function createSignIn(context: SignInContext): SignIn {
  const { now, scenarios, responses, openSession } = context;
  const { definition, credentials } = context.account;
  const { refuse, refuseProblem, refuseMissing } = context.refusals;
  const captchas = new Captchas();
  const secret = randomBytes(20);
  const codeSessions = new Map<string, number>();
  const required = requiredCredentials(definition).map(({ name }) => name);

  return {
    oneTimeCode: () => oneTimeCode(secret, now()),
    captchaText: (ticket) => captchas.getText(ticket),

    credentials(payload) {
      const missing = required.filter((name) => !isNonEmptyString(sent(payload, name)));
      if (missing.length > 0) return refuseMissing('login', missing);
      const { captcha, twoFactor, accountState } = scenarios();
      if (captcha && !hasCaptcha(payload)) return refuse('login', 'captchaRequired');
      // An optional credential is checked only if it is sent.
      const isWrong = ([name, value]: [string, string]): boolean =>
        sent(payload, name) !== undefined && sent(payload, name) !== value;
      if (Object.entries(credentials).some(isWrong)) return refuse('login', 'badCredentials');
      if (accountState !== 'active') return refuse('login', 'accountNotActive');
      const step = definition.oneTimeCode;
      if (step === undefined || !twoFactor) return openSession(definition.login);
      const session = randomUUID();
      codeSessions.set(session, now() + step.lifetime * 1000);
      return refuse('login', 'oneTimeCodeRequired', { fields: { [step.sessionIn]: session } });
    },

    code(payload) {
      const step = definition.oneTimeCode;
      const code = String(sent(payload, step?.codeField ?? ''));
      const session = String(sent(payload, step?.sessionField ?? ''));
      const isOpen = now() < (codeSessions.get(session) ?? 0);
      // A wrong code leaves the pending login open.
      if (step === undefined || !isOpen || !isOneTimeCode(code, secret, now()))
        return refuse('oneTimeCode', 'invalidOneTimeCode');
      codeSessions.delete(session);
      if (scenarios().accountState !== 'active') return refuse('oneTimeCode', 'accountNotActive');
      return openSession(step);
    },

    captcha(request) {
      const problem = context.reader.findHeaderProblem(request);
      if (problem !== undefined) return refuseProblem('login', problem);
      const { image, ticket } = captchas.issue();
      const { imageIn = 'image', ticketIn = 'ticket' } = definition.captcha ?? {};
      return responses.succeed({ [imageIn]: image, [ticketIn]: ticket });
    },
  };

  function sent(payload: Payload, name: string): unknown {
    return fieldOf(payload, name, definition.body);
  }

  function hasCaptcha(payload: Payload): boolean {
    const step = definition.captcha;
    if (step === undefined) return true;
    const [ticket, text] = [sent(payload, step.ticketField), sent(payload, step.textField)];
    return isNonEmptyString(ticket) && isNonEmptyString(text) && captchas.redeem(ticket, text);
  }
}
