import {
  type BuiltInPartner,
  isPartnerAuthError,
  memoryStore,
  openSession,
  type PartnerSession,
  partners,
} from '../../index.ts';
import { maskedPayload } from '../../profiles/index.ts';
import { startSandbox, type Sandbox } from '../../sandbox/index.ts';
import type { Settings } from './settings.ts';
import { describeCall, describeRefresh, describeRefreshExpiry, describeToken, type PartnerReport } from './report.ts';

/** Starts the sandbox and goes through sign-in, call, refresh, replay and sign-out with each partner. */
export async function runAgainstSandbox({ partner }: Settings, show: (report: PartnerReport) => void): Promise<void> {
  await using sandbox = await startSandbox();
  for (const name of partner === undefined ? (Object.keys(partners) as BuiltInPartner[]) : [partner]) {
    show(await runTour(sandbox, name));
  }
}

async function runTour(sandbox: Sandbox, name: BuiltInPartner): Promise<PartnerReport> {
  const definition = partners[name];
  const profile = sandbox.profiles[name];
  const store = memoryStore();
  await using session = await openSession({ ...profile, store });

  const credentials: Readonly<Record<string, string>> = { ...profile.credentials };
  await session.login(credentials);
  const received = sandbox.journal.findLast((entry) => entry.partner === name && entry.call === 'login');
  const accessToken = await describeToken(session);
  const refreshExpiry = describeRefreshExpiry(session);

  const { example } = definition;
  const call = example && describeCall(example, await session.request(example.path, example));

  const before = sandbox.tokens(name);
  const oldRecord = await store.read();
  // Cloudreve issues identical tokens within one second.
  sandbox.advance(2);
  await session.refresh();
  const after = sandbox.tokens(name);
  const refreshed = await describeToken(session);

  const oldStore = memoryStore();
  if (oldRecord !== undefined) await oldStore.write(oldRecord);
  const replay = await replayRefreshToken({ ...profile, store: oldStore }, session);
  const signOut = await session.signOut();

  const headers = Object.entries(definition.headers ?? {});
  return {
    partner: name,
    label: definition.label,
    baseUrl: profile.baseUrl,
    sandbox: true,
    signIn: {
      method: definition.login.method ?? 'POST',
      path: definition.login.path,
      payload: maskedPayload(credentials, definition) as typeof credentials,
      ...(definition.body.form === 'encrypted' && received !== undefined && { sent: received.body }),
      headers: Object.fromEntries(headers.map(([header]) => [header, received?.headers[header.toLowerCase()] ?? ''])),
    },
    accessToken,
    ...refreshExpiry,
    ...(call && { call }),
    refresh: describeRefresh(before, after, refreshed),
    replay,
    signOut,
  };
}

/** Sends the old refresh token from a second session, then checks whether the first session still refreshes. */
async function replayRefreshToken(
  options: Parameters<typeof openSession>[0],
  session: PartnerSession,
): Promise<NonNullable<PartnerReport['replay']>> {
  await using second = await openSession(options);
  const refusal = await second.refresh().catch((error: unknown) => error);
  const after = await session.refresh().catch((error: unknown) => error);
  const accepted = refusal === undefined;
  return {
    accepted,
    ...(isPartnerAuthError(refusal) && { said: refusal.message }),
    sessionAfter: isPartnerAuthError(after)
      ? 'also ended: this sandbox revokes all tokens of a login when an old refresh token is reused'
      : 'still valid',
  };
}
