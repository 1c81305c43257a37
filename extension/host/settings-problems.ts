import { commands, window } from 'vscode';
import type { Owned } from '../model/app.ts';
import type { Logger } from '../../core/index.ts';
import type { ProfileProblem } from '../model/profile.ts';
import type { Translate } from '../model/translate.ts';
import { withoutLinks } from '../view/markdown.ts';
import type { ProfileSettings } from './profiles.ts';

/** Says once for each mistake which profile and field it is in; the other profiles go on working. */
export function tellProblems(profiles: ProfileSettings, log: Logger, t: Translate): Owned {
  const told = new Set<string>();
  const sentence = ({ profile, field, message, ofPartner = false }: ProfileProblem): string => {
    if (ofPartner) {
      return field === ''
        ? t('The partner {0} is not used: it {1}.', profile, message)
        : t('The partner {0} is not used: its field "{1}" {2}.', profile, field, message);
    }
    return field === ''
      ? t('The profile {0} is not used: it {1}.', profile, message)
      : t('The profile {0} is not used: its field "{1}" {2}.', profile, field, message);
  };

  const tell = (): void => {
    const fresh = profiles
      .problems()
      .map(sentence)
      .filter((text) => !told.has(text));
    for (const text of fresh) {
      told.add(text);
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
  tell();
  return profiles.onDidChange(tell);
}
