import { didYouMean } from '../lib/did-you-mean.ts';
import type { Rotation } from './tokens/families.ts';

const captchaKinds = [
  'normal',
  'tcaptcha',
  'recaptcha',
  'recaptchaWithoutSecret',
  'turnstile',
  'cap',
  'capWithoutSecret',
] as const;

/** How the sandbox behaves. Every key can be set at the start and changed while it runs. */
export interface SandboxScenarios {
  /**
   * Lifetime of an access token in seconds, for all partners; 0 or more. Default, per partner: TCONNECT 36,000 (company blog), BizMail
   * 86,400 (token page), Cloudreve 3,600 (4.18 source).
   */
  readonly accessLifetime: number | undefined;
  /**
   * Lifetime of a refresh token in seconds, for all partners; 0 or more. Default, per partner: TCONNECT 2,592,000 = 30 days (the
   * sandbox's own choice, no value is published), BizMail 7,776,000 = 90 days (token page), Cloudreve 1,209,600 = 14 days (4.18 source).
   */
  readonly refreshLifetime: number | undefined;
  /** Rate of the sandbox's clock relative to the base clock; above 0. Default 1. */
  readonly clockRate: number;
  /**
   * What happens when a refresh token is used a second time. `reuseAllowed`: it works. `strict`: it is refused. `reuseDetection`: it is
   * refused and the whole session is revoked, access tokens included. Default, per partner: TCONNECT `reuseDetection` and BizMail `strict`
   * (both the sandbox's own choice, nothing is published), Cloudreve `reuseAllowed` (4.18 source).
   */
  readonly rotation: Rotation | undefined;
  /** Seconds during which a used refresh token returns the same new pair again, whatever `rotation` says; 0 or more. Default 0. */
  readonly graceTime: number;
  /** Milliseconds of real time between processing a request and responding to it; 0 or more. Default 0. */
  readonly delay: number;
  /** Whether Cloudreve, and definitions with such a step, require a one-time code after the password. Default false. */
  readonly twoFactor: boolean;
  /** Whether Cloudreve, and definitions with such a step, require a captcha with the password. Default false. */
  readonly captcha: boolean;
  /**
   * Which captcha Cloudreve requires. `normal` and `tcaptcha` are a picture. For the others, whose widget only a web page can show, the
   * response `SANDBOX-CAPTCHA-RESPONSE` is right. `recaptchaWithoutSecret`: the login gets HTTP 200 without a body. `capWithoutSecret`: it is
   * refused, whatever the response is. Default `normal`.
   */
  readonly captchaKind: (typeof captchaKinds)[number];
  /**
   * Cloudreve's database. `down`: every call gets code 50001. `usersDown`: only its table of users is away, so that a refresh is refused
   * like a dead token (40020) and a login like a wrong password (40080). Default `up`.
   */
  readonly database: 'up' | 'down' | 'usersDown';
  /** The refresh token in a refresh response: `new`, the `same`, or `omitted`; the last two leave the old one valid. Default `new`. */
  readonly refreshTokenInResponse: 'new' | 'same' | 'omitted';
  /**
   * TCONNECT's success responses: `flat` fields as on the refresh page, the same fields `wrapped` in `data`, or `encrypted` as ciphertext
   * in `data`. Default `flat`.
   */
  readonly tconnectResponse: 'flat' | 'wrapped' | 'encrypted';
  /** The certificate of an https sandbox. Default `valid`. */
  readonly certificate: 'valid' | 'expired' | 'wrongHost';
  /** The state of every partner's account. Default `active`. */
  readonly accountState: 'active' | 'inactive' | 'blocked' | 'gone';
}

const defaults: SandboxScenarios = {
  accessLifetime: undefined,
  refreshLifetime: undefined,
  clockRate: 1,
  rotation: undefined,
  graceTime: 0,
  delay: 0,
  twoFactor: false,
  captcha: false,
  captchaKind: 'normal',
  database: 'up',
  refreshTokenInResponse: 'new',
  tconnectResponse: 'flat',
  certificate: 'valid',
  accountState: 'active',
};

type Check = (value: unknown) => string | undefined;

const atLeastZero: Check = (value) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? undefined : 'a number of at least 0';
const aboveZero: Check = (value) =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? undefined : 'a number above 0';
const trueOrFalse: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');
const oneOf =
  (...choices: unknown[]): Check =>
  (value) =>
    choices.includes(value) ? undefined : `one of ${choices.join(', ')}`;

const checks: Readonly<Record<keyof SandboxScenarios, Check>> = {
  accessLifetime: atLeastZero,
  refreshLifetime: atLeastZero,
  clockRate: aboveZero,
  rotation: oneOf('reuseAllowed', 'strict', 'reuseDetection'),
  graceTime: atLeastZero,
  delay: atLeastZero,
  twoFactor: trueOrFalse,
  captcha: trueOrFalse,
  captchaKind: oneOf(...captchaKinds),
  database: oneOf('up', 'down', 'usersDown'),
  refreshTokenInResponse: oneOf('new', 'same', 'omitted'),
  tconnectResponse: oneOf('flat', 'wrapped', 'encrypted'),
  certificate: oneOf('valid', 'expired', 'wrongHost'),
  accountState: oneOf('active', 'inactive', 'blocked', 'gone'),
};

const optionNames = [
  ...Object.keys(checks),
  ...['port', 'https', 'clientCertificate', 'accounts', 'definitions', 'clock', 'onRequest'],
];

/**
 * Returns the scenarios after a change. An explicit undefined restores the default.
 *
 * @throws TypeError that names the key.
 */
export function changeScenarios(
  changes: Readonly<Record<string, unknown>>,
  before: SandboxScenarios = defaults,
): SandboxScenarios {
  const after: Record<string, unknown> = { ...before };
  for (const [key, value] of Object.entries(changes)) {
    if (!isScenario(key))
      throw new TypeError(`Unknown sandbox option ${JSON.stringify(key)}.${didYouMean(key, optionNames)}`);
    const expected = value === undefined ? undefined : checks[key](value);
    if (expected !== undefined) throw new TypeError(`Sandbox option ${key} must be ${expected}.`);
    after[key] = value ?? defaults[key];
  }
  return Object.freeze(after as unknown as SandboxScenarios);
}

function isScenario(key: string): key is keyof SandboxScenarios {
  return Object.hasOwn(checks, key);
}
