import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  fileStore,
  isPartnerAuthError,
  openSession,
  partners,
  type PartnerDefinition,
  type PartnerSession,
  type SessionOptions,
} from '../../../core/index.ts';
import { startSandbox, type Sandbox, type SandboxOptions, type SandboxPartner } from '../../../core/sandbox/index.ts';
import { manualClock, type ManualClock } from '../../helpers/manual-clock.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { faultInjectingStore, type FaultInjectingStore } from '../../helpers/fault-injecting-store.ts';
import { Places } from '../places.ts';
import { openLine, type Line } from './line.ts';

/** ms; only rows in which nobody answers have a shorter deadline. */
const patient = 10_000;

/** A partner, a file store and a signed-in session, to which something is about to happen. */
export interface Scene {
  readonly partner: SandboxPartner;
  readonly sandbox: Sandbox;
  readonly clock: ManualClock;
  readonly folder: string;
  readonly file: string;
  readonly store: FaultInjectingStore;
  readonly credentials: Readonly<Record<string, string>>;
  readonly places: Places;
  /** What lies between the session and the partner. */
  readonly line: Line;
  session: PartnerSession;
  /** Another session on the same file, as another program would open it. */
  open(options?: Partial<SessionOptions>): Promise<PartnerSession>;
  /** As a program that ended and was started again. */
  restart(): Promise<void>;
  /** Makes a call and keeps all that its error shows; returns its code, or undefined when it worked. */
  attempt(call: () => Promise<unknown>): Promise<string | undefined>;
  refreshes(): number;
}

export interface SceneOptions {
  readonly sandbox?: SandboxOptions | undefined;
  readonly session?: Partial<SessionOptions> | undefined;
  readonly host?: '127.0.0.1' | 'localhost' | undefined;
}

export async function withScene<T>(
  partner: SandboxPartner,
  options: SceneOptions,
  play: (scene: Scene) => Promise<T>,
): Promise<T> {
  const clock = manualClock();
  const places = new Places();
  await using folder = await temporaryFolder();
  const issued = (): void => {
    const tokens = sandbox.tokens(partner);
    places.secret(tokens?.accessToken, tokens?.refreshToken);
  };
  await using sandbox = await startSandbox({
    clock: clock.now,
    ...options.sandbox,
    onRequest: (entry) => {
      issued();
      places.secret(/"data":"([^"]+)"/.exec(entry.body)?.[1]);
    },
  });
  await using line = await openLine(Number(new URL(sandbox.url).port));
  const profile = sandbox.profiles[partner];
  const { cipher } = profile;
  const credentials: Readonly<Record<string, string>> = { ...profile.credentials };
  const definition: PartnerDefinition = partners[partner];
  places.secret(
    ...definition.credentials.filter(({ secret }) => secret === true).map(({ name }) => credentials[name]),
    cipher?.key,
    cipher?.iv.from === 'fixed' ? cipher.iv.value : undefined,
  );

  const file = folder.file('session.json');
  const store = faultInjectingStore(fileStore(file));
  const log = (text: string): void => places.add('log line', text);
  const opened: PartnerSession[] = [];
  const open = async (more: Partial<SessionOptions> = {}): Promise<PartnerSession> => {
    const session = await openSession({
      ...profile,
      baseUrl: `${new URL(sandbox.url).protocol}//${options.host ?? '127.0.0.1'}:${line.port}`,
      clock,
      store,
      timeout: patient,
      logger: { debug: log, info: log, warn: log, error: log },
      ...options.session,
      ...more,
    });
    opened.push(session);
    session.on('change', (status) => places.add('status', status));
    return session;
  };
  const scene: Scene = {
    partner,
    sandbox,
    clock,
    folder: folder.path,
    file,
    store,
    credentials: { ...profile.credentials },
    places,
    line,
    session: await open(),
    open,
    async restart() {
      await scene.session.close();
      // What was found damaged is repaired by the program that finds it, and told.
      for (let attempt = 1; ; attempt++) {
        try {
          scene.session = await open({ timeout: patient });
          return;
        } catch (error) {
          places.add('error', error);
          if (attempt === 2) throw error;
        }
      }
    },
    async attempt(call) {
      try {
        await call();
        return undefined;
      } catch (error) {
        places.add('error', error);
        return isPartnerAuthError(error) ? error.code : `not one of ours: ${String(error)}`;
      }
    },
    refreshes: () => sandbox.journal.filter(({ call }) => call === 'refresh').length,
  };
  try {
    await scene.session.login(scene.credentials);
    issued();
    const result = await play(scene);
    places.add('session', scene.session);
    for (const name of await readdir(folder.path)) places.add('file name', basename(name));
    return result;
  } finally {
    for (const session of opened) await session.close();
  }
}
