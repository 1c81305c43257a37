import { startSandbox, type Sandbox, type SandboxOptions, type SandboxPartner } from '../../core/sandbox/index.ts';
import type { RunningSandbox } from '../../extension/model/app.ts';
import type { CheckedProfile } from '../../core/profiles/profile.ts';
import { signIn } from '../../extension/commands/sign-in.ts';
import { fakeApp, type FakeApp, type FakeAppOptions } from './fake-app.ts';

export interface AppFixture {
  readonly sandbox: Sandbox;
  readonly fake: FakeApp;
  readonly profile: CheckedProfile;
  readonly connection: RunningSandbox;
  /** Every secret that the user enters. */
  readonly secrets: readonly string[];
}

export interface AppFixtureOptions extends Omit<FakeAppOptions, 'replies' | 'profiles'> {
  readonly partner?: SandboxPartner;
  readonly server?: SandboxOptions;
  readonly replies?: (connection: RunningSandbox, sandbox: Sandbox) => FakeAppOptions['replies'];
  /** Default true. */
  readonly signedIn?: boolean;
}

/** Runs a test with a sandbox, an app that has its profile, and a user who enters correct values. */
export async function withApp(options: AppFixtureOptions, test: (fixture: AppFixture) => Promise<void>): Promise<void> {
  const { partner = 'tconnect', signedIn = true, server, replies, ...rest } = options;
  await using sandbox = await startSandbox(server);
  const connection = connectionTo(sandbox, partner);
  const typed = { ...correctReplies(connection), ...replies?.(connection, sandbox) };
  const fake = fakeApp({ ...rest, profiles: [connection.profile], replies: typed });
  const profile = fake.profile(connection.profile.id);
  const { key, iv, credentials } = connection;
  const secrets = [key, iv, credentials.password, credentials.client_secret];
  try {
    if (signedIn && !(await signIn(fake.app, profile))) throw new Error('The sign-in of the fixture failed.');
    await test({
      sandbox,
      fake,
      profile,
      connection,
      secrets: secrets.filter((secret) => secret !== undefined && secret !== ''),
    } as AppFixture);
  } finally {
    await fake.app.sessions.close();
  }
}

/** Correct replies to every step of a sign-in. */
export function correctReplies({ key, iv, credentials }: RunningSandbox): Record<string, string> {
  return { key, ...(iv !== undefined && { iv }), ...credentials, remember: 'no' };
}

/** A profile of the sandbox, with its secrets. */
export function connectionTo({ profiles }: Sandbox, partner: SandboxPartner): RunningSandbox {
  const { baseUrl, partnerCode, cipher, credentials } = profiles[partner];
  const profile = { id: partner, label: `ACME ${partner}`, partner, baseUrl };
  if (cipher === undefined) return { profile, key: '', iv: undefined, credentials: { ...credentials } };
  const { key, keyFormat, iv, output } = cipher;
  return {
    profile: {
      ...profile,
      ...(partnerCode !== undefined && { partnerCode }),
      cipher: { keyFormat, iv: iv.from === 'fixed' ? { from: 'fixed', format: iv.format } : { from: iv.from }, output },
    },
    key,
    iv: iv.from === 'fixed' ? iv.value : undefined,
    credentials: { ...credentials },
  };
}

/** The ids of the steps of a first sign-in, by partner. */
export const signInSteps = {
  tconnect: ['key', 'iv', 'username', 'password', 'client_id', 'client_secret', 'remember'],
  bizmail: ['username', 'password', 'remember'],
  cloudreve: ['email', 'password', 'remember'],
};

export function countLogins(journal: readonly { readonly call: string }[]): number {
  return journal.filter(({ call }) => call === 'login').length;
}
