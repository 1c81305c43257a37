/**
 * Stands in for the extension's `main` while the suite runs, because the product has no hook for tests: loads the real
 * bundle and activates it with a profile whose token is due, and watches what that reads and whom it calls.
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
import { publish } from './observed.ts';

interface Bundle {
  activate(context: ExtensionContext): Promise<void>;
  deactivate(): Promise<void>;
}

const file = join(__dirname, 'dist/extension.cjs');
/** VS Code asks a new authentication provider for its accounts a little after the start. */
const aftermath = 2_000;
let bundle: Bundle | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const sandbox = await startSandbox();
  const profile = profileOf(sandbox, 'bizmail', { id: 'due-at-start' });
  const settings = workspace.getConfiguration('partnerAuth');
  await settings.update('profiles', [profile], ConfigurationTarget.Global);
  plantDueMark(context, profile);

  const secretCalls: string[] = [];
  const connections: string[] = [];
  const stopWatching = watchConnections(connections);
  const start = performance.now();
  bundle = createRequire(file)(file) as Bundle;
  const loaded = performance.now();
  await bundle.activate(watchingSecrets(context, secretCalls));
  const activated = performance.now();

  const observation = wait(aftermath).then(async () => {
    stopWatching();
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
  publish(observation);
}

export async function deactivate(): Promise<void> {
  await bundle?.deactivate();
}

function plantDueMark({ globalStorageUri }: ExtensionContext, { id, baseUrl }: Profile): void {
  const folder = join(globalStorageUri.fsPath, 'sessions');
  mkdirSync(folder, { recursive: true });
  const now = Date.now();
  const mark: SessionSummary = {
    version: 1,
    origin: new URL(baseUrl).origin,
    sessionId: 'planted',
    generation: 1,
    issuedAt: now - 3_600_000,
    accessExpiresAt: now + 60_000,
    refreshExpiresAt: now + 86_400_000,
  };
  const name = createHash('sha256').update(id).digest('hex').slice(0, 24);
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(mark));
}

function watchingSecrets(context: ExtensionContext, calls: string[]): ExtensionContext {
  const { secrets } = context;
  const noted = <T>(call: string, result: T): T => {
    calls.push(call);
    return result;
  };
  const watched: SecretStorage = {
    get: (key) => noted(`get ${key}`, secrets.get(key)),
    store: (key, value) => noted(`store ${key}`, secrets.store(key, value)),
    delete: (key) => noted(`delete ${key}`, secrets.delete(key)),
    keys: () => noted('keys', secrets.keys()),
    onDidChange: secrets.onDidChange,
  };
  return Object.create(context, { secrets: { value: watched } }) as ExtensionContext;
}

/** Notes each connection that code of the bundle opens; those of VS Code itself are none of ours. */
function watchConnections(addresses: string[]): () => void {
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    if (new Error().stack?.includes(file) === true) addresses.push(JSON.stringify(args[0]));
    return Reflect.apply(connect, this, args) as Socket;
  };
  return () => {
    Socket.prototype.connect = connect;
  };
}
