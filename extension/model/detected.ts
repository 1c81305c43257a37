import type { CipherCandidate, CipherSettingsWithoutSecrets } from '../../core/index.ts';
import type { CheckedProfile, Profile } from './profile.ts';

/** The profile as it stands in the settings, with these cipher settings; the IV's value stays out of it. */
export function withDetected(
  { definition: _, source: _source, origin: _origin, ...profile }: CheckedProfile,
  found: CipherCandidate['settings'],
): Profile {
  const { iv, ...rest } = found;
  const rule: CipherSettingsWithoutSecrets['iv'] =
    iv.from === 'fixed' ? { from: 'fixed', ...(iv.format && { format: iv.format }) } : iv;
  return { ...profile, cipher: { ...rest, iv: rule } };
}
