export { startSandbox } from './start-sandbox.ts';
export type { Sandbox, SandboxOptions } from './start-sandbox.ts';
export type { SandboxScenarios } from './scenarios.ts';
export type {
  BizmailCredentials,
  CloudreveCredentials,
  SandboxAccounts,
  SandboxProfile,
  SandboxProfiles,
  TconnectCredentials,
} from './accounts.ts';
export type { SandboxCipher } from './codec.ts';
export type { SandboxCall, SandboxOutcome, SandboxPartner } from './http/exchange.ts';
export type { SandboxFault, SandboxFaultTarget } from './http/faults.ts';
export type { SandboxJournalEntry } from './http/journal.ts';
export type { Rotation } from './tokens/families.ts';
