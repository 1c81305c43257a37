import * as vscode from 'vscode';

export const extensionId = 'partner-auth.partner-auth';

/** The context of the extension, and what its activation did. */
export interface ActivationRecord {
  readonly context: vscode.ExtensionContext;
  /** Milliseconds to load the bundle. */
  readonly loadMs: number;
  /** Milliseconds until `activate()` resolved. */
  readonly activateMs: number;
  /** Calls of SecretStorage with their keys, until two seconds after activation. */
  readonly secretCalls: readonly string[];
  /** Addresses that the extension had connected to by then. */
  readonly connections: readonly string[];
  /** Requests that the partner of the profile had received by then. */
  readonly requests: number;
}

// Global, because each test file and the recording extension are separate bundles.
const recordKey = Symbol.for('partner-auth.activation-record');
type RecordHolder = typeof globalThis & { [recordKey]?: Promise<ActivationRecord> };

export function publishRecord(record: Promise<ActivationRecord>): void {
  (globalThis as RecordHolder)[recordKey] = record;
}

/** Activates the extension if it is not active, and resolves its record. */
export async function activateExtension(): Promise<ActivationRecord> {
  const extension = vscode.extensions.getExtension(extensionId);
  if (extension === undefined) throw new Error(`${extensionId} is not installed.`);
  await extension.activate();
  const record = (globalThis as RecordHolder)[recordKey];
  if (record === undefined) throw new Error('The extension was not activated by recording-extension.ts.');
  return record;
}
