import type { StoredToken } from '../profiles/files/index.ts';
import type { Given } from './grammar/given.ts';
import { withSession } from './profiles.ts';
import { withProgress } from './terminal/progress.ts';

/** A valid token of the profile's session, which is refreshed if it is due. */
export async function sessionToken(given: Given, minValidity: number, signal: AbortSignal): Promise<StoredToken> {
  return withSession(given, async (session, { id, partner, definition }) => {
    const text = `Waiting for ${definition.label}`;
    const token = await withProgress(text, () => session.accessToken({ minValidity, signal }));
    const { accessExpiresAt, refreshExpiresAt, account } = session.status;
    return {
      profile: id,
      partner,
      token,
      ...(account !== undefined && { account }),
      ...(accessExpiresAt !== undefined && { expiresAt: accessExpiresAt }),
      ...(refreshExpiresAt !== undefined && { signInAgainAt: refreshExpiresAt }),
    };
  });
}
