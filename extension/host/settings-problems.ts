import { commands, window } from 'vscode';
import type { Logger } from '../../core/index.ts';
import type { Disposable } from '../model/app.ts';
import { problemText } from '../model/profile-problems.ts';
import type { Translate } from '../model/translate.ts';
import { withoutLinks } from '../view/markdown.ts';
import type { ProfileSettings } from './profile-settings.ts';

/** Reports each mistake once, with its profile and field; the other profiles continue to work. */
export function reportProblems(profiles: ProfileSettings, log: Logger, t: Translate): Disposable {
  const reported = new Set<string>();
  const report = (): void => {
    const fresh = profiles
      .problems()
      .map((problem) => problemText(problem, t))
      .filter((text) => !reported.has(text));
    for (const text of fresh) {
      reported.add(text);
      log.error(text);
    }
    const [first, ...others] = fresh;
    if (first === undefined) return;
    const openSettings = t('Open Settings');
    const more = others.length === 0 ? '' : ` ${t('More in the log: {0}.', others.length)}`;
    void window.showWarningMessage(withoutLinks(first + more), openSettings).then(async (chosen) => {
      if (chosen === openSettings) await commands.executeCommand('workbench.action.openSettingsJson');
    });
  };
  report();
  return profiles.onDidChange(report);
}
