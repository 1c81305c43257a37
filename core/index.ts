export { openSession } from './session/session.ts';
export type { CloseOptions, PartnerSession } from './session/partner-session.ts';
export type { AccessTokenOptions, CallOptions, TokenSource } from './session/token-source.ts';
export type { SignOutResult } from './session/sign-in/sign-out.ts';
export type { SessionStatus } from './session/state.ts';
export type { CredentialsFunction, SessionOptions } from './session/options.ts';
export type { ClientCertificate } from './transport/client-certificate.ts';
export type { Query, RequestOptions } from './session/request/check-request.ts';
export type { RequestBody } from './session/request/read-body.ts';
export type { Credentials, CredentialsSource } from './session/sign-in/credentials.ts';
export type { EnsureSignedInOptions } from './session/sign-in/ensure-signed-in.ts';
export type { CredentialsOf, Partner, RequiredOptions } from './session/partner-types.ts';
export type { TypedDefinition } from './partners/typed-definition.ts';
export type { AdoptedTokens } from './session/sign-in/adopt.ts';

export { checkConnection } from './exchange/connection.ts';
export type { ClientIdentity, ConnectionOptions, ExtraFields, ResponseSettings } from './exchange/connection.ts';
export type { AuthExchange, CipherFacts } from './exchange/auth-exchange.ts';
export { encryptedBody } from './exchange/encode-body.ts';
export type { EncodedBody, Payload } from './exchange/encode-body.ts';
export type { RetryPolicy } from './exchange/repeat.ts';
export type { PartnerResponse, StreamedResponse } from './exchange/partner-response.ts';

export { memoryStore } from './stores/memory-store.ts';
export { fileStore, type FileStoreOptions } from './stores/file-store.ts';
export { encryptedStore, type EncryptedStoreOptions, type EncryptionKey } from './stores/encrypted-store.ts';
export { withFileLock } from './stores/file-lock.ts';
export type { HeldLock, LockOptions, TokenStore, WriteOptions } from './stores/token-store.ts';
export { parseStoredRecord } from './stores/stored-record.ts';
export type {
  Adoption,
  EncryptedRecord,
  EndCode,
  ParsedRecord,
  PlainRecord,
  Refusal,
  RefusalCode,
  SessionEnd,
  StoredRecord,
  StoredSession,
  Tombstone,
} from './stores/stored-record.ts';

export { checkCipher, createCipher } from './cipher/cipher.ts';
export type { Cipher, EncryptedMessage } from './cipher/cipher.ts';
export type {
  CipherAlgorithm,
  CipherSettings,
  CipherSettingsWithoutSecrets,
  CiphertextFormat,
  IvRule,
  KeyDerivation,
  TextFormat,
} from './cipher/settings.ts';

export type { Hint } from './detect/hints.ts';
export { detectCipher } from './detect/detect-cipher.ts';
export type { CipherDetection } from './detect/detect-cipher.ts';
export type { CipherCandidate } from './detect/cipher-candidate.ts';
export type { CipherSample } from './detect/sample.ts';
export type { PayloadKind, Reason } from './detect/verdict.ts';

export { partners } from './partners/index.ts';
export type { BuiltInPartner } from './partners/index.ts';
export { definePartner } from './partners/define-partner.ts';
export { oauth2Partner } from './partners/oauth2.ts';
export type { OAuth2Grant, OAuth2Options } from './partners/oauth2.ts';
export type * from './partners/definition.ts';

export { decodeToken } from './tokens/decode-token.ts';
export type { DecodedToken } from './tokens/decode-token.ts';
export { phaseOf } from './tokens/expiry.ts';
export type { Phase, TokenState } from './tokens/expiry.ts';
export type { TokenSet } from './tokens/token-set.ts';

export { PartnerAuthError, isPartnerAuthError } from './lib/errors.ts';
export type { CaptchaChallenge, PartnerAuthErrorCode, PartnerAuthErrorDetails } from './lib/errors.ts';
export { systemClock, type Clock } from './lib/clock.ts';
export type { Logger } from './lib/logger.ts';
