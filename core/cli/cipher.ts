import { createCipher, PartnerAuthError, type Cipher } from '../index.ts';
import { cipherOf, type CheckedProfile } from '../profiles/index.ts';
import type { FileProfiles } from '../profiles/files/index.ts';
import type { Given } from './grammar/given.ts';
import { selectProfile } from './profiles.ts';
import { fromEnvironment } from './terminal/environment.ts';

/**
 * The cipher of the profile that the verb is about, with the key of the environment or the stored one.
 *
 * @throws PartnerAuthError `configuration` if the partner takes plain payloads, or the key is in neither place.
 */
export async function openCipher(
  files: FileProfiles,
  given: Given,
): Promise<{ readonly cipher: Cipher; readonly profile: CheckedProfile }> {
  const profile = await selectProfile(files, given);
  const { id, definition } = profile;
  const [key, iv] = [fromEnvironment('PARTNER_AUTH_KEY'), fromEnvironment('PARTNER_AUTH_IV')];
  const isComplete = key !== undefined && (iv !== undefined || profile.cipher?.iv.from !== 'fixed');
  const stored =
    profile.cipher === undefined || isComplete
      ? undefined
      : await (await (await files.pool()).store(profile)).secrets();
  const settings = cipherOf(profile, key ?? stored?.key, iv ?? stored?.iv);
  if (settings === undefined) {
    throw new PartnerAuthError(
      'configuration',
      `${definition.label} takes plain payloads: there is nothing to encrypt or decrypt.`,
      { setting: 'cipher' },
    );
  }
  if (settings.key === '' || (settings.iv.from === 'fixed' && settings.iv.value === '')) {
    throw new PartnerAuthError(
      'configuration',
      `The key of ${id} is not stored. Set PARTNER_AUTH_KEY, and PARTNER_AUTH_IV for a fixed IV, or run: partner-auth login ${id}`,
      { setting: 'cipher.key' },
    );
  }
  return { cipher: createCipher(settings), profile };
}
