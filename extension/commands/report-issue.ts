import type { CheckedProfile } from '../../core/profiles/index.ts';
import type { App } from '../model/app.ts';
import { issueBody, issueReport } from '../model/issue-report.ts';
import { runCommand } from './run-command.ts';

/** Opens VS Code's issue reporter with a report about the profile. Nothing is sent: the user sees and submits it. */
export async function reportIssue(app: App, profile: CheckedProfile | undefined): Promise<void> {
  const { t, ui, clipboard, profiles, sessions, issues } = app;
  await runCommand(app, { label: profile?.label ?? t('Partner Auth') }, 'reportIssue', async () => {
    const report = issueReport({
      environment: issues.environment(),
      settings: issues.settings(),
      problems: profiles.problems(),
      ...(profile !== undefined && {
        profile: {
          profile,
          status: sessions.status(profile),
          exchange: sessions.lastExchange(profile.id),
          entered: await enteredValues(app, profile),
        },
      }),
    });
    if (await issues.open(issueBody(report))) return;
    await ui.showDocument(t('Issue report'), `${report}\n`);
    const copy = t('Copy Report');
    const message = t('VS Code could not open its issue reporter. The report is in the editor, without secrets.');
    if ((await ui.ask(message, copy)) === copy) await clipboard.write(report);
  });
}

async function enteredValues({ sessions }: App, profile: CheckedProfile): Promise<readonly string[]> {
  const store = await sessions.store(profile);
  const { key, iv, credentials = {} } = (await store.secrets().catch(() => undefined)) ?? {};
  return [key, iv, ...Object.values(credentials)].filter((value) => value !== undefined);
}
