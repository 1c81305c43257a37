import type { ProfileProblem } from '../../core/profiles/index.ts';
import type { Translate } from './translate.ts';

const settingNames: Readonly<Record<ProfileProblem['of'], string>> = {
  partner: 'partnerAuth.partners',
  profile: 'partnerAuth.profiles',
};

/** Describes a problem with a profile or partner in the settings, in one sentence. */
export function problemMessage({ of, name, field, message, values }: ProfileProblem, t: Translate): string {
  const problem = t(message, ...values);
  if (name === '') return t('The setting {0} is ignored: it {1}.', settingNames[of], problem);
  switch (of) {
    case 'partner':
      return field === ''
        ? t('The partner {0} is ignored: it {1}.', name, problem)
        : t('The partner {0} is ignored: its field "{1}" {2}.', name, field, problem);
    case 'profile':
      return field === ''
        ? t('The profile {0} is ignored: it {1}.', name, problem)
        : t('The profile {0} is ignored: its field "{1}" {2}.', name, field, problem);
  }
}
