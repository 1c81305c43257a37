import type { StoredSession } from '../../core/index.ts';

/** A record of a session that no partner has issued. */
export const storedSession: StoredSession = {
  version: 1,
  sessionId: 'a',
  generation: 1,
  partner: 'bizmail',
  origin: 'https://partner.example',
  tokens: { accessToken: 'access-token-1', refreshToken: 'refresh-token-1', issuedAt: 1 },
};
