import type { App } from '../model/app.ts';
import type { CheckedProfile } from '../model/profile.ts';
import { explained } from './with-profile.ts';

export async function refresh(app: App, profile: CheckedProfile): Promise<void> {
  await explained(app, profile, 'refresh', async () => {
    const session = await app.sessions.open(profile);
    await session.refresh();
    app.ui.brief(app.t('{0}: the access token is fresh.', profile.label));
  });
}
