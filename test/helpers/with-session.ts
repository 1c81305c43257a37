import {
  memoryStore,
  openSession,
  partners,
  type PartnerSession,
  type SessionOptions,
  type StoredSession,
  type TokenStore,
} from '../../core/index.ts';
import { startSandbox, type Sandbox, type SandboxOptions, type SandboxPartner } from '../../core/sandbox/index.ts';
import { manualClock, type ManualClock } from './manual-clock.ts';

export const partnerNames = Object.keys(partners) as SandboxPartner[];

export interface Fixture {
  readonly sandbox: Sandbox;
  readonly clock: ManualClock;
  readonly store: TokenStore;
  readonly session: PartnerSession;
  readonly credentials: Readonly<Record<string, string>>;
  /** Opens another session on the same store, as a second program would. */
  sibling(options?: Partial<SessionOptions>): Promise<PartnerSession>;
  /** How many refresh requests the sandbox has received. */
  refreshes(): number;
}

export interface FixtureOptions {
  readonly partner?: SandboxPartner;
  readonly sandbox?: SandboxOptions;
  readonly session?: Partial<SessionOptions>;
  /** Default true. */
  readonly signedIn?: boolean;
}

/** Runs a test with a sandbox and a session on one manual clock, and closes both afterwards. */
export async function withSession<T>(options: FixtureOptions, test: (fixture: Fixture) => Promise<T>): Promise<T> {
  const { partner = 'tconnect', signedIn = true } = options;
  const clock = manualClock();
  await using sandbox = await startSandbox({ clock: clock.now, ...options.sandbox });
  const profile = sandbox.profiles[partner];
  const store = options.session?.store ?? memoryStore();
  const open = (overrides: Partial<SessionOptions> = {}): Promise<PartnerSession> =>
    openSession({ ...profile, clock, store, ...options.session, ...overrides });
  const siblings: PartnerSession[] = [];
  await using session = await open();
  const credentials = { ...profile.credentials };
  if (signedIn) await session.login(credentials);
  try {
    return await test({
      sandbox,
      clock,
      store,
      session,
      credentials,
      async sibling(overrides) {
        const opened = await open(overrides);
        siblings.push(opened);
        return opened;
      },
      refreshes: () => sandbox.journal.filter(({ call }) => call === 'refresh').length,
    });
  } finally {
    for (const sibling of siblings) await sibling.close();
  }
}

/** The error that the promise rejects with; throws if it resolves. */
export async function catchError(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => {
      throw new Error('The call was expected to fail, but it succeeded.');
    },
    (error: unknown) => error,
  );
}

/** Reads the session from the store; throws if there is none. */
export async function readSession(store: TokenStore): Promise<StoredSession> {
  const record = await store.read();
  if (record === undefined || !('tokens' in record)) throw new Error('The store holds no session.');
  return record;
}
