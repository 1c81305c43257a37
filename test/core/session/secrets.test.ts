import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { failure, partnerNames, stored, withSession } from '../../helpers/with-session.ts';

describe('secrets', () => {
  for (const partner of partnerNames) {
    it(`of ${partner} are in no status, error, log line or inspection`, () => {
      const lines: string[] = [];
      const note = (message: string): void => void lines.push(message);
      const logger = { debug: note, info: note, warn: note, error: note };
      return withSession({ partner, session: { logger } }, async ({ session, sandbox, credentials, store }) => {
        const errors: unknown[] = [];
        errors.push(await failure(session.login({ ...credentials, password: `${credentials.password ?? ''}x` })));
        await session.refresh();
        const record = await stored(store);
        for (const fault of ['resetBefore', { status: 500 }, 'brokenJson', 'oversized', echo(credentials)] as const) {
          sandbox.fail(fault, { call: 'refresh', times: 4 });
          errors.push(await failure(session.refresh()));
          sandbox.heal();
        }
        sandbox.revoke(partner);
        errors.push(await failure(session.refresh()));
        await session.signOut();

        const sent = sandbox.journal.map(({ body }) => /"data":"([^"]+)"/.exec(body)?.[1]);
        const { cipher } = sandbox.profiles[partner];
        const secrets = [
          credentials.password,
          credentials.client_secret,
          record.tokens.accessToken,
          record.tokens.refreshToken,
          cipher?.key,
          cipher?.iv.from === 'fixed' ? cipher.iv.value : undefined,
          ...sent,
        ].filter((secret) => secret !== undefined);
        const places = [...lines, ...errors, session, session.status].flatMap((place) => [
          inspect(place, { depth: Infinity, showHidden: true }),
          JSON.stringify(place),
          String(place),
          ...(place instanceof Error ? [place.stack ?? '', inspect(structuredClone(place), { depth: Infinity })] : []),
        ]);
        assert.ok(secrets.length >= 3 && places.length > 40 && lines.length > 3);
        for (const secret of secrets) {
          for (const place of places) assert.ok(!place.includes(secret), `found in: ${place.slice(0, 300)}`);
        }
      });
    });
  }
});

/** A partner that repeats what it was sent in its error text. */
function echo(credentials: Readonly<Record<string, string>>): { text: string } {
  const message = `wrong ${Object.values(credentials).join(' ')} Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl`;
  return { text: JSON.stringify({ success: false, code: 7, message, msg: message }) };
}
