import {
  createCipher,
  isPartnerAuthError,
  type PartnerAuthError,
  type PartnerSession,
  type SessionStatus,
} from '../../core/index.ts';
import { cipherOf, connectionOf, logText, type CheckedProfile } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import type { CommandName } from '../model/ids.ts';
import type { Translate } from '../model/translate.ts';
import { curlCommand, type Shell } from '../../core/codegen/index.ts';
import { shortDuration } from '../view/duration.ts';
import { runCommand } from './run-command.ts';

/** Seconds. The token must not expire before it has been pasted and sent. */
const minValidity = 60;
/** Seconds. A token that expires even sooner is not copied, also if it cannot be refreshed. */
const minRemaining = 5;

/** Identifies the latest copy: an earlier timer must not clear a later copy. */
let copyCount = 0;

export function copyAccessToken(app: App, profile: CheckedProfile): Promise<void> {
  return copy(app, profile, 'copyAccessToken', (token) => token, app.t('Access token copied'));
}

export function copyAuthorizationHeader(app: App, profile: CheckedProfile): Promise<void> {
  return copy(
    app,
    profile,
    'copyAuthorizationHeader',
    (token) => `Authorization: Bearer ${token}`,
    app.t('Authorization header copied'),
  );
}

/** @param shell that the command is pasted into; default: that of the platform. */
export async function copyAsCurl(app: App, profile: CheckedProfile, shell?: Shell): Promise<void> {
  const { example } = profile.definition;
  if (example === undefined) {
    await app.ui.ask(
      app.t(
        'The definition of {0} has no "example" call, so there is nothing to copy. Add one to it in the setting partnerAuth.partners.',
        profile.definition.label,
      ),
    );
    return;
  }
  const command = async (accessToken: string): Promise<string> => {
    const { key, iv } = (await (await app.sessions.store(profile)).secrets()) ?? {};
    const settings = cipherOf(profile, key, iv);
    return curlCommand(
      { connection: connectionOf(profile), accessToken, cipher: settings && createCipher(settings), call: example },
      shell,
    );
  };
  return copy(app, profile, 'copyAsCurl', command, app.t('cURL command copied'));
}

/**
 * A token that is valid for `minValidity`, refreshed first if necessary; the current one with the error if that fails.
 *
 * @throws The error if there is no current token either.
 */
async function longestToken(
  session: PartnerSession,
): Promise<{ readonly token: string; readonly error?: PartnerAuthError }> {
  try {
    return { token: await session.accessToken({ minValidity }) };
  } catch (error) {
    const token = await session.accessToken({ minValidity: minRemaining }).catch(() => undefined);
    if (token === undefined || !isPartnerAuthError(error)) throw error;
    return { token, error };
  }
}

async function copy(
  app: App,
  profile: CheckedProfile,
  command: CommandName,
  render: (token: string) => string | Promise<string>,
  confirmation: string,
): Promise<void> {
  await runCommand(app, profile, command, async () => {
    const { t, ui, log, clipboard, sessions, now } = app;
    const session = await sessions.open(profile);
    const { token, error } = await longestToken(session);
    const text = await render(token);
    await clipboard.write(text);
    if (error !== undefined)
      log.warn(`${profile.label}: copied a token that could not be refreshed: ${logText(error)}`);
    const { status } = session;
    const { phase, accessExpiresAt } = status;
    const remaining = accessExpiresAt === undefined ? undefined : Math.max(0, accessExpiresAt - now());
    const icon = error === undefined && phase !== 'ended' ? 'check' : 'warning';
    const left = remaining === undefined ? '' : ` (${lifetime(remaining, status, error !== undefined, t)})`;
    const clearAfter = clipboard.clearAfter();
    if (clearAfter <= 0) {
      ui.showStatusMessage(`$(${icon}) ${confirmation}${left}`);
      return;
    }
    ui.showStatusMessage(
      `$(${icon}) ${confirmation}${left}. ${t('The clipboard will be cleared in {0} s.', clearAfter)}`,
    );
    const thisCopy = ++copyCount;
    clipboard.schedule(clearAfter, async () => {
      // Anything copied since then belongs to the user.
      if (thisCopy !== copyCount || (await clipboard.read().catch(() => '')) !== text) return;
      await clipboard.write('');
      ui.showStatusMessage(t('The token was cleared from the clipboard.'));
    });
  });
}

/** How long the copied token lives, as far as it is known. */
function lifetime(
  remaining: number,
  { phase, refused }: SessionStatus,
  isRefreshFailed: boolean,
  t: Translate,
): string {
  const seconds = Math.floor(remaining / 1000);
  if (refused === true) {
    return seconds < minValidity
      ? t('the refresh was refused; may be accepted for {0} s', seconds)
      : t('the refresh was refused; may be accepted for {0}', shortDuration(remaining, t));
  }
  if (phase === 'ended') {
    return seconds < minValidity
      ? t('the session has ended; may be accepted for {0} s', seconds)
      : t('the session has ended; may be accepted for {0}', shortDuration(remaining, t));
  }
  return isRefreshFailed ? t('not refreshed, expires in {0} s', seconds) : shortDuration(remaining, t);
}
