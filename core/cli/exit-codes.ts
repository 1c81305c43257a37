import { isPartnerAuthError, type PartnerAuthErrorCode } from '../index.ts';

export const exitCodes = {
  success: 0,
  failure: 1,
  /** A setting, argument or name is missing or wrong. */
  usage: 2,
  signInNeeded: 4,
  commandNotExecutable: 126,
  commandNotFound: 127,
  interrupted: 130,
  /** By SIGTERM. */
  terminated: 143,
} as const;

/** The codes that do not mean `failure`. */
const codesOfErrors: Partial<Record<PartnerAuthErrorCode, number>> = {
  configuration: exitCodes.usage,
  signedOut: exitCodes.signInNeeded,
  sessionEnded: exitCodes.signInNeeded,
  refreshInterrupted: exitCodes.signInNeeded,
  invalidCredentials: exitCodes.signInNeeded,
  oneTimeCodeRequired: exitCodes.signInNeeded,
  invalidOneTimeCode: exitCodes.signInNeeded,
  captchaRequired: exitCodes.signInNeeded,
  accountUnavailable: exitCodes.signInNeeded,
  aborted: exitCodes.interrupted,
};

export function exitCodeOf(error: unknown): number {
  // A TypeError is a wrong argument of the library, which the user has given.
  if (error instanceof TypeError) return exitCodes.usage;
  return isPartnerAuthError(error) ? (codesOfErrors[error.code] ?? exitCodes.failure) : exitCodes.failure;
}
