import type { App } from '../model/app.ts';
import type { CheckedProfile } from '../model/profile.ts';
import { tokenDocument } from '../view/token-document.ts';
import { explained } from './with-profile.ts';

export async function inspectToken(app: App, profile: CheckedProfile): Promise<void> {
  await explained(app, profile, 'inspectToken', async () => {
    const session = await app.sessions.open(profile);
    const token = await session.accessToken();
    await app.ui.showDocument(
      app.t('Token of {0}', profile.label),
      tokenDocument(token, app.sessions.status(profile), app.t),
    );
  });
}
