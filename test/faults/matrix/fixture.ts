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
import { LeakScanner } from '../leak-scanner.ts';
import { openTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** ms; rows in which the partner never responds set a shorter one. */
const defaultTimeout = 10_000;

/** A partner, a proxy in front of it, a file store, and a signed-in session. */
export interface Fixture {
  readonly partner: SandboxPartner;
  readonly sandbox: Sandbox;
  readonly clock: ManualClock;
  readonly folder: string;
  readonly file: string;
  readonly store: FaultInjectingStore;
  readonly credentials: Readonly<Record<string, string>>;
  readonly scanner: LeakScanner;
  readonly proxy: TcpProxy;
  session: PartnerSession;
  /** Opens another session on the same file, as another program would. */
  open(options?: Partial<SessionOptions>): Promise<PartnerSession>;
  /** Closes the session and opens a new one, as a program that is started again. */
  restart(): Promise<void>;
  /** Makes a call and scans its error; resolves to the error's code, or undefined when the call succeeded. */
  attempt(call: () => Promise<unknown>): Promise<string | undefined>;
  /** Refresh requests that the partner has received. */
  refreshCount(): number;
}

export interface FixtureOptions {
  readonly sandbox?: SandboxOptions | undefined;
  readonly session?: Partial<SessionOptions> | undefined;
  readonly host?: '127.0.0.1' | 'localhost' | undefined;
}

export async function withFixture<T>(
  partner: SandboxPartner,
  options: FixtureOptions,
  run: (fixture: Fixture) => Promise<T>,
): Promise<T> {
  const clock = manualClock();
  const scanner = new LeakScanner();
  await using folder = await temporaryFolder();
  const addIssuedTokens = (): void => {
    const tokens = sandbox.tokens(partner);
    scanner.addSecrets(tokens?.accessToken, tokens?.refreshToken);
  };
  await using sandbox = await startSandbox({
    clock: clock.now,
    ...options.sandbox,
    onRequest: (entry) => {
      addIssuedTokens();
      scanner.addSecrets(/"data":"([^"]+)"/.exec(entry.body)?.[1]);
    },
  });
  await using proxy = await openTcpProxy(Number(new URL(sandbox.url).port));
  const profile = sandbox.profiles[partner];
  const { cipher } = profile;
  const credentials: Readonly<Record<string, string>> = { ...profile.credentials };
  const definition: PartnerDefinition = partners[partner];
  scanner.addSecrets(
    ...definition.credentials.filter(({ secret }) => secret === true).map(({ name }) => credentials[name]),
    cipher?.key,
    cipher?.iv.from === 'fixed' ? cipher.iv.value : undefined,
  );

  const file = folder.file('session.json');
  const store = faultInjectingStore(fileStore(file));
  const log = (message: string): void => scanner.addOutput('log line', message);
  const opened: PartnerSession[] = [];
  const open = async (more: Partial<SessionOptions> = {}): Promise<PartnerSession> => {
    const session = await openSession({
      ...profile,
      baseUrl: `${new URL(sandbox.url).protocol}//${options.host ?? '127.0.0.1'}:${proxy.port}`,
      clock,
      store,
      timeout: defaultTimeout,
      logger: { debug: log, info: log, warn: log, error: log },
      ...options.session,
      ...more,
    });
    opened.push(session);
    session.on('change', (status) => scanner.addOutput('status', status));
    return session;
  };
  // The login has no part in the fault, so that it does not use the row's timeout.
  const openSignedIn = async (): Promise<PartnerSession> => {
    const first = await open({ timeout: defaultTimeout });
    await first.login(credentials);
    await first.close();
    addIssuedTokens();
    return open();
  };
  const fixture: Fixture = {
    partner,
    sandbox,
    clock,
    folder: folder.path,
    file,
    store,
    credentials,
    scanner,
    proxy,
    session: await openSignedIn(),
    open,
    async restart() {
      await fixture.session.close();
      // The first program that finds a damaged file sets it aside and reports it; the second attempt must succeed.
      for (let attempt = 1; ; attempt++) {
        try {
          fixture.session = await open({ timeout: defaultTimeout });
          return;
        } catch (error) {
          scanner.addOutput('error', error);
          if (attempt === 2) throw error;
        }
      }
    },
    async attempt(call) {
      try {
        await call();
        return undefined;
      } catch (error) {
        scanner.addOutput('error', error);
        return isPartnerAuthError(error) ? error.code : `not a PartnerAuthError: ${String(error)}`;
      }
    },
    refreshCount: () => sandbox.journal.filter(({ call }) => call === 'refresh').length,
  };
  try {
    const result = await run(fixture);
    scanner.addOutput('session', fixture.session);
    for (const name of await readdir(folder.path)) scanner.addOutput('file name', basename(name));
    return result;
  } finally {
    for (const session of opened) await session.close();
  }
}
