import type { Rotation } from './tokens/families.ts';

/** How the sandbox behaves; every key may be given at the start and changed while it runs. */
export interface SandboxScenarios {
  /**
   * Seconds an access token lives, for all partners; 0 or more. When undefined, each partner's own: TCONNECT 36,000 (company blog),
   * BizMail 86,400 (token page), Cloudreve 3,600 (4.18 source).
   */
  readonly accessLifetime: number | undefined;
  /**
   * Seconds a refresh token lives, for all partners; 0 or more. When undefined, each partner's own: TCONNECT 2,592,000 = 30 days
   * (sandbox's own choice, no value is published), BizMail 7,776,000 = 90 days (token page), Cloudreve 1,209,600 = 14 days (4.18 source).
   */
  readonly refreshLifetime: number | undefined;
  /** How many times faster than the base clock the sandbox's time runs; above 0. Default 1. */
  readonly clockRate: number;
  /**
   * What happens to a refresh token that is used a second time: `reuseAllowed` it works, `strict` it is refused, `reuseDetection` it is
   * refused and the whole session dies, access tokens included. When undefined, each partner's own: TCONNECT `reuseDetection` and BizMail
   * `strict` (both the sandbox's own choice, nothing is published), Cloudreve `reuseAllowed` (4.18 source).
   */
  readonly rotation: Rotation | undefined;
  /** Seconds in which a used refresh token gets the same new pair again instead of what `rotation` says; 0 or more. Default 0. */
  readonly graceTime: number;
  /** Milliseconds of real time between processing a request and answering it; 0 or more. Default 0. */
  readonly delay: number;
  /** Cloudreve, and definitions with such a step, ask for a one-time code after the password. Default false. */
  readonly twoFactor: boolean;
  /** Cloudreve, and definitions with such a step, ask for a captcha with the password. Default false. */
  readonly captcha: boolean;
  /** The refresh token in a refresh answer: a new one, or the one sent (which then stays good), or none (likewise). Default `new`. */
  readonly refreshTokenInResponse: 'new' | 'same' | 'omitted';
  /**
   * TCONNECT's success answers: `flat` fields as the refresh page shows them, the same `wrapped` under `data`, or `encrypted` as ciphertext
   * under `data`. Default `flat`.
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
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');
const oneOf =
  (...words: unknown[]): Check =>
  (value) =>
    words.includes(value) ? undefined : `one of ${words.join(', ')}`;

const checks: Readonly<Record<keyof SandboxScenarios, Check>> = {
  accessLifetime: atLeastZero,
  refreshLifetime: atLeastZero,
  clockRate: aboveZero,
  rotation: oneOf('reuseAllowed', 'strict', 'reuseDetection'),
  graceTime: atLeastZero,
  delay: atLeastZero,
  twoFactor: flag,
  captcha: flag,
  refreshTokenInResponse: oneOf('new', 'same', 'omitted'),
  tconnectResponse: oneOf('flat', 'wrapped', 'encrypted'),
  certificate: oneOf('valid', 'expired', 'wrongHost'),
  accountState: oneOf('active', 'inactive', 'blocked', 'gone'),
};

/** The scenarios after a change; an explicit undefined puts the default back. Throws a TypeError that names the key. */
export function changeScenarios(
  changes: Readonly<Record<string, unknown>>,
  before: SandboxScenarios = defaults,
): SandboxScenarios {
  const after: Record<string, unknown> = { ...before };
  for (const [key, value] of Object.entries(changes)) {
    if (!isScenario(key)) throw new TypeError(`Unknown sandbox option ${JSON.stringify(key)}`);
    const expected = value === undefined ? undefined : checks[key](value);
    if (expected !== undefined) throw new TypeError(`Sandbox option ${key} must be ${expected}`);
    after[key] = value ?? defaults[key];
  }
  return Object.freeze(after as unknown as SandboxScenarios);
}

function isScenario(key: string): key is keyof SandboxScenarios {
  return Object.hasOwn(checks, key);
}
