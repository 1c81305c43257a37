import type { Logger } from '../../core/index.ts';
import type { Sandbox } from '../../core/sandbox/index.ts';
import type { RunningSandbox, SandboxControl, SandboxStart } from '../model/app.ts';
import { sandboxId } from '../model/sandbox-profiles.ts';
import type { Translate } from '../model/translate.ts';

export interface SandboxHost extends SandboxControl {
  isRunning(): boolean;
}

/** The sandbox partner in the extension host. It runs until it is stopped or the window closes. */
export function sandboxHost(log: Logger, t: Translate, onDidChange: () => void): SandboxHost {
  let current: Promise<Sandbox | undefined> | undefined;
  const describe = (sandbox: Sandbox): RunningSandbox => {
    const { baseUrl, partnerCode, cipher, credentials } = sandbox.profiles.tconnect;
    return {
      profile: {
        id: sandboxId,
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
  };
  return {
    isRunning: () => current !== undefined,
    async running() {
      const sandbox = await current;
      return sandbox && describe(sandbox);
    },
    async start(options) {
      current ??= startServer(options);
      const sandbox = await current;
      if (sandbox === undefined) current = undefined;
      onDidChange();
      return sandbox && describe(sandbox);
    },
    async stop() {
      const sandbox = await current;
      current = undefined;
      await sandbox?.close();
      onDidChange();
    },
  };

  async function startServer({ port, account = {} }: SandboxStart): Promise<Sandbox | undefined> {
    const { startSandbox } = await import('../../core/sandbox/index.ts');
    const given = Object.entries(account).filter(([, value]) => value !== undefined);
    try {
      const sandbox = await startSandbox({
        port,
        // The sandbox checks what the settings and the secret storage hold, and refuses what it cannot serve.
        accounts: { tconnect: Object.fromEntries(given) },
        onRequest: ({ call, status, outcome }) => log.debug(`Sandbox: ${call} ${status} ${outcome}`),
      });
      log.info(`The sandbox partner is running at ${sandbox.url}.`);
      return sandbox;
    } catch {
      log.info(`The sandbox partner could not be started on ${port === 0 ? 'any port' : `port ${port}`}.`);
      return undefined;
    }
  }
}
