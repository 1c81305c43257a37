import type { CheckedProfile } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { runCommand } from './run-command.ts';

export async function refresh(app: App, profile: CheckedProfile): Promise<void> {
  await runCommand(app, profile, 'refresh', async () => {
    const session = await app.sessions.open(profile);
    await session.refresh();
    app.ui.showStatusMessage(app.t('{0}: the access token was refreshed.', profile.label));
  });
}
