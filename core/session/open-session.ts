import type { SessionOptions } from './options.ts';
import { PartnerSession } from './session.ts';

/**
 * Opens the session of one partner and restores what the store holds. No network.
 *
 * @throws PartnerAuthError `configuration` for a wrong setting, `store` for a store that cannot be read.
 * @throws TypeError for an unknown option.
 */
export async function openSession(options: SessionOptions): Promise<PartnerSession> {
  return new PartnerSession(options).restore();
}
