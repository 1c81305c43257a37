export { openSession } from './session/open-session.ts';
export { PartnerSession } from './session/session.ts';
export type { CallOptions } from './session/session.ts';
export type { SessionStatus } from './session/state.ts';
export { checkConnection } from './session/options.ts';
export type { AnswerSettings, ConnectionOptions, ExtraFields, SessionOptions } from './session/options.ts';
export type { RequestOptions } from './session/request-options.ts';
export type { Credentials } from './session/sign-in/credentials.ts';
export { phaseOf } from './session/time/expiry.ts';
export type { Phase } from './session/time/expiry.ts';
export type { Clock } from './session/time/clock.ts';
export { parseStoredRecord } from './session/record/record.ts';
export type { EndCode, SignedOutMark, StoredRecord, StoredSession, TokenSet } from './session/record/record.ts';
export type { AuthExchange, CipherFacts } from './exchange/auth-exchange.ts';
export { encryptedBody } from './exchange/body.ts';
export type { EncodedBody, Payload } from './exchange/body.ts';
export type { PartnerAnswer } from './exchange/partner-calls.ts';

export { memoryStore } from './stores/memory-store.ts';
export { fileStore } from './stores/file-store.ts';
export { withFileLock } from './stores/file-lock.ts';
export type { HeldLock, TokenStore } from './stores/token-store.ts';

export { checkCipher, createCipher } from './cipher/cipher.ts';
export type { Cipher, Sealed } from './cipher/cipher.ts';
export type {
  CipherAlgorithm,
  CipherSettings,
  CipherSettingsWithoutSecrets,
  CiphertextFormat,
  IvRule,
  KeyDerivation,
  TextFormat,
} from './cipher/settings.ts';

export type { Hint } from './detect/detect-advice.ts';
export { detectCipher } from './detect/detect-cipher.ts';
export type { CipherCandidate, CipherDetection } from './detect/detect-cipher.ts';
export type { CipherSample } from './detect/sample.ts';
export type { PayloadKind, Reason } from './detect/verdict.ts';

export { partners } from './partners/index.ts';
export type { BuiltInPartner } from './partners/index.ts';
export { definePartner } from './partners/define-partner.ts';
export type * from './partners/definition.ts';

export { PartnerAuthError, isPartnerAuthError } from './errors.ts';
export type { CaptchaChallenge, PartnerAuthErrorCode, PartnerAuthErrorDetails } from './errors.ts';
export { decodeToken } from './token.ts';
export type { DecodedToken } from './token.ts';
export type { Logger } from './log.ts';
