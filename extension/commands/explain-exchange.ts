import type { CheckedProfile } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { exchangeDocument } from '../view/payload-document.ts';
import { runCommand } from './run-command.ts';

/** Shows the last login or refresh: what was sent, what came back and how it was interpreted. */
export async function explainLastExchange(app: App, profile: CheckedProfile): Promise<void> {
  await runCommand(app, profile, 'explainLastExchange', async () => {
    const exchange = app.sessions.lastExchange(profile.id);
    if (exchange === undefined)
      await app.ui.ask(
        app.t('No sign-in or refresh has been sent to {0} since this window was opened.', profile.label),
      );
    else await app.ui.showDocument(app.t('Last exchange with {0}', profile.label), exchangeDocument(exchange, app.t));
  });
}
