import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire, registerHooks } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeHost } from './fake-vscode.ts';

export interface StartedExtension extends AsyncDisposable {
  readonly ids: readonly string[];
  /** The time before its code was loaded, ms. */
  readonly preparedMs: number;
  /** Gets the profile's token, which opens its session. */
  use(id: string): Promise<void>;
}

const origin = 'http://127.0.0.1:9';
const hour = 3_600_000;

export const profileOf = (id: string): object => ({ id, label: `Profile ${id}`, partner: 'bizmail', baseUrl: origin });

/** Starts the built extension in this process with so many profiles, signed in with tokens that live for ten hours. */
export async function startExtension(bundle: string, profiles: number): Promise<StartedExtension> {
  const start = process.hrtime.bigint();
  const folder = await mkdtemp(join(tmpdir(), 'partner-auth-bench-'));
  await mkdir(join(folder, 'sessions'));
  const ids = Array.from({ length: profiles }, (_, index) => `p${index}`);
  const secrets = new Map<string, string>();
  const issuedAt = Date.now();
  const times = { issuedAt, accessExpiresAt: issuedAt + 10 * hour, refreshExpiresAt: issuedAt + 720 * hour };
  for (const id of ids) {
    const tokens = { accessToken: `access-${id}`, refreshToken: `refresh-${id}`, ...times };
    const session = { version: 1, sessionId: id, generation: 1, partner: 'bizmail', origin, tokens };
    secrets.set(`profile:${id}`, JSON.stringify({ version: 1, origin, session }));
    const summary = { version: 1, origin, sessionId: id, generation: 1, ...times };
    const name = createHash('sha256').update(id).digest('hex').slice(0, 24);
    await writeFile(join(folder, 'sessions', `${name}.json`), JSON.stringify(summary));
  }
  fakeHost.settings = { profiles: ids.map(profileOf), autoRefresh: true };

  const vscode = new URL('./fake-vscode.ts', import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'vscode' ? { url: vscode, shortCircuit: true } : next(specifier, context),
  });
  const preparedMs = Number(process.hrtime.bigint() - start) / 1e6;
  const { activate, deactivate } = createRequire(bundle)(bundle) as {
    activate(context: object): Promise<void>;
    deactivate(): Promise<void>;
  };
  const state = new Map<string, unknown>();
  const memento = {
    get: (key: string) => state.get(key),
    update: (key: string, value: unknown) => state.set(key, value),
  };
  const manifest = new URL('../../../package.json', import.meta.url);
  await activate({
    subscriptions: [],
    extension: { id: 'partner-auth.partner-auth', packageJSON: JSON.parse(await readFile(manifest, 'utf8')) as object },
    globalState: memento,
    workspaceState: memento,
    globalStorageUri: { fsPath: folder },
    environmentVariableCollection: { clear: () => undefined, replace: () => undefined },
    secrets: {
      get: (key: string) => Promise.resolve(secrets.get(key)),
      store: (key: string, value: string) => Promise.resolve(void secrets.set(key, value)),
      delete: (key: string) => Promise.resolve(void secrets.delete(key)),
      keys: () => Promise.resolve([...secrets.keys()]),
      onDidChange: () => ({ dispose: () => undefined }),
    },
  });
  return {
    ids,
    preparedMs,
    async use(id) {
      const [session] = (await fakeHost.provider?.getSessions([id], {})) ?? [];
      if (session?.accessToken !== `access-${id}`) throw new Error(`The extension returned no token for ${id}.`);
    },
    async [Symbol.asyncDispose]() {
      await deactivate();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
