import { commands, window } from 'vscode';
import type { Logger } from '../../core/index.ts';
import type { Disposable } from '../model/app.ts';
import { problemMessage } from '../model/profile-problems.ts';
import type { Translate } from '../model/translate.ts';
import { withoutLinks } from '../view/markdown.ts';
import type { ProfileSettings } from './profile-settings.ts';

/** Reports each problem in the settings once, with its profile and field. The other profiles keep working. */
export function reportProblems(profiles: ProfileSettings, log: Logger, t: Translate): Disposable {
  const reported = new Set<string>();
  const report = (): void => {
    const unreported = profiles
      .problems()
      .map((problem) => problemMessage(problem, t))
      .filter((message) => !reported.has(message));
    for (const message of unreported) {
      reported.add(message);
      log.error(message);
    }
    const [first, ...others] = unreported;
    if (first === undefined) return;
    const openSettings = t('Open Settings');
    const more = others.length === 0 ? '' : ` ${t('{0} more in the log.', others.length)}`;
    void window.showWarningMessage(withoutLinks(first + more), openSettings).then(async (chosen) => {
      if (chosen === openSettings) await commands.executeCommand('workbench.action.openSettingsJson');
    });
  };
  report();
  return profiles.onDidChange(report);
}
