import * as vscode from 'vscode';

export const extensionId = 'partner-auth.partner-auth';

/** The extension as the suite sees it: its context, and what its start did. */
export interface Observed {
  readonly context: vscode.ExtensionContext;
  /** Of loading the bundle and of `activate()`. */
  readonly loadMs: number;
  readonly activateMs: number;
  /** `get`, `store` and `delete` with their keys, until some time after the start. */
  readonly secretCalls: readonly string[];
  /** Addresses to which code of the extension has connected until then. */
  readonly connections: readonly string[];
  /** Requests that the partner of a profile with a token that is due has received until then. */
  readonly requests: number;
}

// Each test file is a bundle of its own, and so is what observes: hence a global place.
const place = Symbol.for('partner-auth.observed');
type Place = typeof globalThis & { [place]?: Promise<Observed> };

export function publish(observation: Promise<Observed>): void {
  (globalThis as Place)[place] = observation;
}

/** Activates the extension if need be. */
export async function observed(): Promise<Observed> {
  const extension = vscode.extensions.getExtension(extensionId);
  if (extension === undefined) throw new Error(`${extensionId} is not there.`);
  await extension.activate();
  const observation = (globalThis as Place)[place];
  if (observation === undefined) throw new Error('The extension was not started through observed-extension.ts.');
  return observation;
}
