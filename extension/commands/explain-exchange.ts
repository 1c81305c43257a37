import type { App } from '../model/app.ts';
import type { CheckedProfile } from '../model/profile.ts';
import { exchangeDocument } from '../view/payload-document.ts';
import { explained } from './with-profile.ts';

/** Shows what the last login or refresh sent and got, and what the client made of it. */
export async function explainLastExchange(app: App, profile: CheckedProfile): Promise<void> {
  await explained(app, profile, 'explainLastExchange', async () => {
    const exchange = app.sessions.lastExchange(profile.id);
    if (exchange === undefined)
      await app.ui.ask(app.t('Nothing was exchanged with {0} since this window was opened.', profile.label));
    else await app.ui.showDocument(app.t('Last exchange with {0}', profile.label), exchangeDocument(exchange, app.t));
  });
}
