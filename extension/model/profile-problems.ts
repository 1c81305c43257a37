import type { ProfileProblem } from '../../core/profiles/index.ts';
import type { Translate } from './translate.ts';

const settings: Readonly<Record<ProfileProblem['of'], string>> = {
  partner: 'partnerAuth.partners',
  profile: 'partnerAuth.profiles',
};

/** What is wrong with a profile or partner of the settings, as one sentence. */
export function problemText({ of, name, field, message, values }: ProfileProblem, t: Translate): string {
  const what = t(message, ...values);
  if (name === '') return t('The setting {0} is not used: it {1}.', settings[of], what);
  switch (of) {
    case 'partner':
      return field === ''
        ? t('The partner {0} is not used: it {1}.', name, what)
        : t('The partner {0} is not used: its field "{1}" {2}.', name, field, what);
    case 'profile':
      return field === ''
        ? t('The profile {0} is not used: it {1}.', name, what)
        : t('The profile {0} is not used: its field "{1}" {2}.', name, field, what);
  }
}
