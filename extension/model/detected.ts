import type { CipherCandidate, CipherSettingsWithoutSecrets } from '../../core/index.ts';
import { savedForm, type CheckedProfile, type Profile } from '../../core/profiles/index.ts';

/** The profile as it stands in the settings, with these cipher settings; the IV's value stays out of it. */
export function withDetected(profile: CheckedProfile, found: CipherCandidate['settings']): Profile {
  const { iv, ...rest } = found;
  const rule: CipherSettingsWithoutSecrets['iv'] =
    iv.from === 'fixed' ? { from: 'fixed', ...(iv.format && { format: iv.format }) } : iv;
  return { ...savedForm(profile), cipher: { ...rest, iv: rule } };
}
