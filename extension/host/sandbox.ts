import type { SecretStorage } from 'vscode';
import type { Logger } from '../../core/index.ts';
import type { Sandbox, SandboxAccounts } from '../../core/sandbox/index.ts';
import type { RunningSandbox, SandboxControl } from '../model/app.ts';
import type { Translate } from '../model/translate.ts';

const secretName = 'sandbox';

export interface SandboxHost extends SandboxControl {
  isRunning(): boolean;
}

/** The sandbox partner in the extension host. It runs until it is stopped or the window closes. */
export function sandboxHost(secrets: SecretStorage, log: Logger, t: Translate, onDidChange: () => void): SandboxHost {
  let running: Promise<Sandbox> | undefined;
  return {
    isRunning: () => running !== undefined,
    async start(): Promise<RunningSandbox> {
      running ??= startServer();
      const sandbox = await running.catch((error: unknown) => {
        running = undefined;
        throw error;
      });
      onDidChange();
      const { baseUrl, partnerCode, cipher, credentials } = sandbox.profiles.tconnect;
      return {
        profile: {
          id: 'sandbox',
          label: t('Sandbox'),
          partner: 'tconnect',
          baseUrl,
          partnerCode,
          cipher: {
            keyFormat: cipher.keyFormat,
            iv: cipher.iv.from === 'fixed' ? { from: 'fixed', format: cipher.iv.format } : { from: cipher.iv.from },
            output: cipher.output,
          },
        },
        key: cipher.key,
        iv: cipher.iv.from === 'fixed' ? cipher.iv.value : undefined,
        credentials: { ...credentials },
      };
    },
    async stop() {
      const sandbox = await running?.catch(() => undefined);
      running = undefined;
      await sandbox?.close();
      onDidChange();
    },
  };

  /** Reuses the last port and account, so that the sandbox profile stays valid; uses any free port if that one is taken. */
  async function startServer(): Promise<Sandbox> {
    const { startSandbox } = await import('../../core/sandbox/index.ts');
    const stored = parseStored(await secrets.get(secretName));
    const accounts = stored && { tconnect: stored.tconnect };
    const options = {
      ...(accounts && { accounts }),
      onRequest: (entry: { call: string; status: number; outcome: string }) =>
        log.debug(`Sandbox: ${entry.call} ${entry.status} ${entry.outcome}`),
    };
    const sandbox = await startSandbox({ ...options, port: stored?.port ?? 0 }).catch(() => startSandbox(options));
    const { partnerCode, cipher, credentials } = sandbox.profiles.tconnect;
    const port = Number(new URL(sandbox.url).port);
    await secrets.store(secretName, JSON.stringify({ port, tconnect: { partnerCode, cipher, credentials } }));
    log.info(`The sandbox partner is running at ${sandbox.url}.`);
    return sandbox;
  }
}

interface StoredSandbox {
  readonly port: number;
  readonly tconnect: NonNullable<SandboxAccounts['tconnect']>;
}

function parseStored(text: string | undefined): StoredSandbox | undefined {
  try {
    const value = JSON.parse(text ?? '') as Partial<StoredSandbox> | null;
    return typeof value?.port === 'number' && typeof value.tconnect === 'object' ? (value as StoredSandbox) : undefined;
  } catch {
    return undefined;
  }
}
