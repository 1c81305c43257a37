import { createCipher } from '../../core/index.ts';
import { cipherOf, connectionOf, type CheckedProfile } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import type { CommandName } from '../model/ids.ts';
import { curlCommand, type Shell } from '../../core/codegen/index.ts';
import { shortDuration } from '../view/duration.ts';
import { runCommand } from './run-command.ts';

/** Seconds. The token must not expire before it has been pasted and sent. */
const minValidity = 60;

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

async function copy(
  app: App,
  profile: CheckedProfile,
  command: CommandName,
  render: (token: string) => string | Promise<string>,
  confirmation: string,
): Promise<void> {
  await runCommand(app, profile, command, async () => {
    const { t, ui, clipboard, sessions, now } = app;
    const session = await sessions.open(profile);
    const text = await render(await session.accessToken({ minValidity }));
    await clipboard.write(text);
    const { accessExpiresAt } = session.status;
    const left = accessExpiresAt === undefined ? '' : ` (${shortDuration(accessExpiresAt - now(), t)})`;
    const clearAfter = clipboard.clearAfter();
    if (clearAfter <= 0) {
      ui.showStatusMessage(`$(check) ${confirmation}${left}`);
      return;
    }
    ui.showStatusMessage(
      `$(check) ${confirmation}${left}. ${t('The clipboard will be cleared in {0} s.', clearAfter)}`,
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
