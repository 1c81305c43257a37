import type { CheckedProfile } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { tokenDocument } from '../view/token-document.ts';
import { runCommand } from './run-command.ts';

export async function inspectToken(app: App, profile: CheckedProfile): Promise<void> {
  await runCommand(app, profile, 'inspectToken', async () => {
    const session = await app.sessions.open(profile);
    const token = await session.accessToken();
    await app.ui.showDocument(
      app.t('Token for {0}', profile.label),
      tokenDocument(token, app.sessions.status(profile), app.t),
    );
  });
}
