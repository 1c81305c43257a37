import { callSafely } from '../../lib/call-safely.ts';
import { isPartnerAuthError } from '../../lib/errors.ts';
import { secretsOf, registerSecrets } from '../../redact/owned-secrets.ts';
import { isTombstone, type PlainRecord } from '../../stores/stored-record.ts';
import type { CheckedProfile } from '../profile.ts';
import type { ProfileStore, RecordChange, SessionStore } from '../profile-store.ts';
import { parseSecretRecord, recordFor, type SecretRecord } from '../secret-record.ts';
import { summaryOf, type SessionSummary } from '../session-summary.ts';
import type { SecretFiles } from './secret-files.ts';

type Connection = Pick<CheckedProfile, 'id' | 'origin' | 'partner' | 'partnerCode'>;

/** Whether a stored record is a session of the profile as it is now: it may have been edited since. */
export function isSessionOf(record: PlainRecord, { origin, partner, partnerCode }: Connection): boolean {
  if (isTombstone(record)) return true;
  return record.origin === origin && record.partner === partner && record.partnerCode === partnerCode;
}

/**
 * Opens the store of one profile in its two files. Reads the session once for the summary; a session that cannot be read
 * has none, and the error is that of the next call.
 */
export async function openFileProfileStore(profile: Connection, files: SecretFiles): Promise<ProfileStore> {
  const { id, origin } = profile;
  const session = files.session(id);
  const name = `profile:${id}`;
  const listeners = new Set<() => void>();
  let summary: SessionSummary | undefined;

  async function read(): Promise<PlainRecord | undefined> {
    const found = await session.read();
    const record = found !== undefined && isSessionOf(found, profile) ? found : undefined;
    summary = record && summaryOf(record, origin);
    return record;
  }

  async function write(record: PlainRecord): Promise<void> {
    await session.write(record);
    summary = summaryOf(record, origin);
  }

  async function secrets(): Promise<SecretRecord | undefined> {
    const text = await files.secrets.get(name);
    if (text === undefined) return undefined;
    const parsed = parseSecretRecord(text);
    // Secrets of one server are never sent to another.
    return parsed.kind === 'record' ? recordFor(origin, parsed.record) : undefined;
  }

  async function change(apply: RecordChange, isSignIn = false): Promise<void> {
    await files.setAsideUnreadable(id);
    const before = await secrets();
    const { session: _, relayKey: __, ...after } = apply(before ?? { version: 1, origin });
    // A sign-in also stores unchanged secrets, in the way that was chosen for it.
    if (isSignIn || JSON.stringify(after) !== JSON.stringify(before))
      await files.secrets.set(name, JSON.stringify(after));
  }

  const { lock } = session;
  const onDidChange = (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const notify = (): void => {
    for (const listener of [...listeners]) callSafely(listener);
  };
  const unwatch = session.onDidChange?.(() => {
    void read().then(notify, notify);
  });

  const store: ProfileStore = {
    read,
    write: (record) => write(record),
    clear: () => session.clear(),
    lock,
    onDidChange,
    secrets,
    update: (apply) => lock(() => change(apply)),
    forSignIn(apply) {
      let pending: RecordChange | undefined = apply;
      const signingIn: SessionStore = {
        lock,
        onDidChange,
        clear: () => session.clear(),
        async read() {
          try {
            return await read();
          } catch (error) {
            // It is set aside when the new session is written.
            if (!isPartnerAuthError(error) || error.retryable || error.setting === 'store.version') throw error;
            return undefined;
          }
        },
        async write(record) {
          if (pending !== undefined && !isTombstone(record)) {
            await change(pending, true);
            pending = undefined;
          }
          await write(record);
        },
      };
      registerSecrets(signingIn, secretsOf(session));
      return signingIn;
    },
    async forget() {
      await files.remove(id);
      summary = undefined;
    },
    summary: () => summary,
    storage: 'kept',
    dispose: () => unwatch?.(),
  };
  await read().catch(() => undefined);
  registerSecrets(store, secretsOf(session));
  return store;
}
