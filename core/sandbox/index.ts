export { startSandbox } from './start-sandbox.ts';
export type { Sandbox, SandboxOptions } from './start-sandbox.ts';
export type { SandboxClientCertificate, SandboxClientCertificates } from './certificates.ts';
export type { SandboxScenarios } from './scenarios.ts';
export type {
  SandboxAccounts,
  SandboxBuiltInProfiles,
  SandboxDefinitionProfile,
  SandboxProfile,
  SandboxProfiles,
} from './accounts.ts';
export type { BizmailCredentials } from './partners/bizmail.ts';
export type { CloudreveCredentials } from './partners/cloudreve-login.ts';
export type { TconnectCredentials } from './partners/tconnect.ts';
export type {
  Algorithm as SandboxAlgorithm,
  Derivation as SandboxDerivation,
  IvSource as SandboxIvSource,
  SandboxCipher,
  SandboxCipherSettings,
} from './codec/settings.ts';
export type { SandboxDefinition } from './definitions/account.ts';
export type { SandboxCall, SandboxOutcome, SandboxPartner, SandboxPartnerId, SandboxRestart } from './http/exchange.ts';
export type { SandboxFault, SandboxFaultTarget } from './http/faults.ts';
export type { SandboxJournalEntry } from './http/journal.ts';
export type { Rotation } from './tokens/families.ts';
