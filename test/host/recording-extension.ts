/**
 * Replaces the extension's `main` while the suite runs, because the product has no test hooks. Loads the real bundle,
 * activates it with a profile whose token is due, and records the secrets it accesses and the connections it opens.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ConfigurationTarget, workspace, type ExtensionContext, type SecretStorage } from 'vscode';
import { startSandbox } from '../../core/sandbox/index.ts';
import type { SessionSummary } from '../../core/profiles/session-summary.ts';
import type { Profile } from '../../core/profiles/profile.ts';
import { profileOf } from '../helpers/profile-of.ts';
import { publishRecord } from './activation-record.ts';

interface Bundle {
  activate(context: ExtensionContext): Promise<void>;
  deactivate(): Promise<void>;
}

// `main` of the package.
const file = join(__dirname, 'dist/main.cjs');
/** Milliseconds. VS Code asks a new authentication provider for its accounts shortly after the start. */
const recordingTime = 2_000;
let bundle: Bundle | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const sandbox = await startSandbox();
  const profile = profileOf(sandbox, 'bizmail', { id: 'due-at-start' });
  const settings = workspace.getConfiguration('partnerAuth');
  await settings.update('profiles', [profile], ConfigurationTarget.Global);
  writeDueSummary(context, profile);

  const secretCalls: string[] = [];
  const connections: string[] = [];
  const stopRecording = recordConnections(connections);
  const start = performance.now();
  bundle = createRequire(file)(file) as Bundle;
  const loaded = performance.now();
  await bundle.activate(recordSecretCalls(context, secretCalls));
  const activated = performance.now();

  const observation = wait(recordingTime).then(async () => {
    stopRecording();
    const requests = sandbox.journal.length;
    const calls = [...secretCalls];
    await settings.update('profiles', undefined, ConfigurationTarget.Global);
    await sandbox.close();
    return {
      context,
      loadMs: loaded - start,
      activateMs: activated - loaded,
      secretCalls: calls,
      connections,
      requests,
    };
  });
  publishRecord(observation);
}

export async function deactivate(): Promise<void> {
  await bundle?.deactivate();
}

function writeDueSummary({ globalStorageUri }: ExtensionContext, { id, baseUrl }: Profile): void {
  const folder = join(globalStorageUri.fsPath, 'sessions');
  mkdirSync(folder, { recursive: true });
  const now = Date.now();
  const summary: SessionSummary = {
    version: 1,
    origin: new URL(baseUrl).origin,
    sessionId: 'planted',
    generation: 1,
    issuedAt: now - 3_600_000,
    accessExpiresAt: now + 60_000,
    refreshExpiresAt: now + 86_400_000,
  };
  const name = createHash('sha256').update(id).digest('hex').slice(0, 24);
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(summary));
}

function recordSecretCalls(context: ExtensionContext, calls: string[]): ExtensionContext {
  const { secrets } = context;
  const record = <T>(call: string, result: T): T => {
    calls.push(call);
    return result;
  };
  const recorded: SecretStorage = {
    get: (key) => record(`get ${key}`, secrets.get(key)),
    store: (key, value) => record(`store ${key}`, secrets.store(key, value)),
    delete: (key) => record(`delete ${key}`, secrets.delete(key)),
    keys: () => record('keys', secrets.keys()),
    onDidChange: secrets.onDidChange,
  };
  return Object.create(context, { secrets: { value: recorded } }) as ExtensionContext;
}

/** Records each connection opened by code of the bundle, and ignores those of VS Code itself. */
function recordConnections(addresses: string[]): () => void {
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    if (new Error().stack?.includes(file) === true) addresses.push(JSON.stringify(args[0]));
    return Reflect.apply(connect, this, args) as Socket;
  };
  return () => {
    Socket.prototype.connect = connect;
  };
}
